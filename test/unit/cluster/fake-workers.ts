// Worker processes that only a test moves.
import type { FromWorker, ToWorker } from '../../../src/cluster/messages.ts'
import { Supervisor, type SupervisorOptions } from '../../../src/cluster/supervisor.ts'
import type { WorkerProcess } from '../../../src/cluster/worker-slot.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class FakeWorker implements WorkerProcess {
  readonly pid: number
  readonly told: ToWorker[] = []
  /** What it does with a message instead of what it should. */
  answer: ((message: ToWorker) => void) | undefined
  silent = false
  killed = false
  #onMessage: (message: unknown) => void = () => {}
  #onExit: (how: string) => void = () => {}

  constructor(pid: number) {
    this.pid = pid
  }

  send(message: ToWorker): void {
    if (this.killed) return
    this.told.push(message)
    queueMicrotask(() => {
      if (!this.silent) (this.answer ?? this.#obey).call(this, message)
    })
  }

  kill(): void {
    this.exit('SIGKILL')
  }

  exit(how: string): void {
    if (this.killed) return
    this.killed = true
    this.#onExit(how)
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#onMessage = listener
    queueMicrotask(() => this.say({ kind: 'hello' }))
  }

  onExit(listener: (how: string) => void): void {
    this.#onExit = listener
  }

  say(message: FromWorker): void {
    if (!this.killed) this.#onMessage(message)
  }

  sayAnything(value: unknown): void {
    this.#onMessage(value)
  }

  get kinds(): string[] {
    return this.told.map((message) =>
      'number' in message ? `${message.kind} ${message.number}` : message.kind,
    )
  }

  readonly #obey = (message: ToWorker): void => {
    const { kind } = message
    if (kind === 'start' || kind === 'prepare') this.say({ kind: 'prepared', number: message.number })
    if (kind === 'commit')
      this.say({ kind: 'serving', number: message.number, addresses: { listen: 'http://here' } })
    if (kind === 'ask') {
      this.say({ kind: 'answer', id: message.id, value: `${message.question} of ${this.pid}` })
    }
    if (kind !== 'drain') return
    this.say({ kind: 'drained', clean: true, metrics: 'last' })
    this.exit('exit code 0')
  }
}

/** A supervisor over such workers, not started yet. */
export function supervise(count: number, options: Partial<SupervisorOptions> = {}) {
  const clock = new FakeClock()
  const workers: FakeWorker[] = []
  const logged: string[] = []
  const log = (_facts: object, message: string) => logged.push(message)
  const reports: unknown[] = []
  const supervisor = new Supervisor(
    { number: 1, config: 'first' },
    {
      count,
      node: 'node-a',
      clock,
      logger: { debug: log, info: log, warn: log, error: log },
      random: () => 0,
      ticketKeys: () => 'first keys',
      spawn: () => {
        const worker = new FakeWorker(100 + workers.length)
        workers.push(worker)
        return worker
      },
      onTakes: () => {},
      onMetrics: (report, slot) => reports.push([slot, report]),
      onDeath: () => {},
      onRetired: () => {},
      ...options,
    },
  )
  return { supervisor, clock, workers, logged, reports }
}
