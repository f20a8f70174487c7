// One worker's place: the process in it, what it was told, and what came back. Another process may come after it.
import type { Clock } from '../plugin.ts'
import {
  type FromWorker,
  type Plan,
  type Post,
  type Question,
  readFromWorker,
  type StoreCall,
  type ToWorker,
} from './messages.ts'

/** A generation of 50,000 routes takes a few seconds on a busy machine. */
const BUILD_LIMIT_MS = 60_000
/** To open the port, or to swap: next to nothing. */
const COMMIT_LIMIT_MS = 10_000
const ANSWER_LIMIT_MS = 2000
/** Answers waited for at once. */
const MAX_ASKED = 64

/** The process in a slot; a fake in tests. */
export interface WorkerProcess {
  readonly pid: number
  /** Never throws: what is sent to a dead process is lost. */
  send(message: ToWorker): void
  kill(): void
  onMessage(listener: (message: unknown) => void): void
  /** `how`: `exit code 1`, `SIGKILL`. */
  onExit(listener: (how: string) => void): void
}

export type SlotState = 'starting' | 'serving' | 'draining' | 'down'

/** What became of a request to the worker. */
export type Outcome = 'done' | { readonly failure: string; readonly gone: boolean }

export interface SlotOptions {
  readonly post: Post
  readonly clock: Clock
  /** Of now; in base64. */
  ticketKeys(): string
  spawn(slot: number): WorkerProcess
  onTakes(calls: readonly StoreCall[], slot: WorkerSlot): void
  onRetired(): void
  onMetrics(report: unknown): void
}

type Handlers = { readonly [K in FromWorker['kind']]: (heard: Extract<FromWorker, { kind: K }>) => void }

interface Waiting {
  readonly number: number
  readonly settle: (outcome: Outcome) => void
}

export class WorkerSlot {
  readonly #options: SlotOptions
  #process: WorkerProcess | undefined
  #waiting: Waiting | undefined
  #onGone = Promise.withResolvers<void>()
  #onHello = (): void => {}
  readonly #asked = new Map<number, (value: unknown) => void>()
  #lastAsked = 0
  state: SlotState = 'down'
  /** Generation built, and the one that serves. */
  prepared = 0
  serving = 0
  addresses: unknown
  starts = 0
  /** Monotonic milliseconds. */
  startedAt = 0
  lastExit: string | undefined
  /** What it said at its end: nothing in flight was cut. */
  drainedClean = false
  /** Polls without an answer. */
  unanswered = 0

  constructor(options: SlotOptions) {
    this.#options = options
  }

  get post(): Post {
    return this.#options.post
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Resolves when the process of now has ended. */
  get gone(): Promise<void> {
    return this.#onGone.promise
  }

  /** A new process, up to the point where it has built the generation. */
  start({ number, config }: Plan): Promise<Outcome> {
    const { post, clock, spawn, ticketKeys } = this.#options
    this.state = 'starting'
    this.starts++
    this.startedAt = clock.now()
    this.prepared = 0
    this.serving = 0
    this.unanswered = 0
    this.#onGone = Promise.withResolvers<void>()
    this.#onHello = () => this.send({ kind: 'start', post, ticketKeys: ticketKeys(), number, config })
    const process = spawn(post.slot)
    this.#process = process
    process.onMessage((message) => this.#receive(message))
    process.onExit((how) => this.#exited(how))
    return this.#outcome(number, BUILD_LIMIT_MS)
  }

  /** Builds another generation aside. */
  prepare({ number, config }: Plan): Promise<Outcome> {
    this.send({ kind: 'prepare', number, config })
    return this.#outcome(number, BUILD_LIMIT_MS)
  }

  /** Serves the generation that was built; the first time, opens the port. */
  commit(number: number): Promise<Outcome> {
    this.send({ kind: 'commit', number })
    return this.#outcome(number, COMMIT_LIMIT_MS)
  }

  /** Drops what was built and does not serve. */
  abort(number: number): void {
    this.prepared = this.serving
    this.send({ kind: 'abort', number })
  }

  /** Undefined when there is no answer in time. */
  ask(question: Question): Promise<unknown> {
    if (this.#process === undefined || this.#asked.size >= MAX_ASKED) return Promise.resolve(undefined)
    const id = ++this.#lastAsked
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const timer = this.#options.clock.after(ANSWER_LIMIT_MS, () => this.#settleAsked(id, undefined))
    this.#asked.set(id, (value) => {
      timer.cancel()
      resolve(value)
    })
    this.send({ kind: 'ask', id, question })
    return promise
  }

  send(message: ToWorker): void {
    this.#process?.send(message)
  }

  kill(): void {
    this.#process?.kill()
  }

  /** A request that is not answered in time ends the process: what it would do later nobody knows. */
  #outcome(number: number, limitMs: number): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const timer = this.#options.clock.after(limitMs, () => {
      this.#settle(number, { failure: 'it did not answer in time', gone: true })
      this.kill()
    })
    this.#waiting = {
      number,
      settle: (outcome) => {
        timer.cancel()
        resolve(outcome)
      },
    }
    return promise
  }

  #settle(number: number, outcome: Outcome): void {
    if (this.#waiting?.number !== number) return
    const { settle } = this.#waiting
    this.#waiting = undefined
    settle(outcome)
  }

  #settleAsked(id: number, value: unknown): void {
    const settle = this.#asked.get(id)
    this.#asked.delete(id)
    settle?.(value)
  }

  #receive(value: unknown): void {
    const message = readFromWorker(value)
    if (message) (this.#handlers[message.kind] as (heard: FromWorker) => void)(message)
  }

  readonly #handlers: Handlers = {
    hello: () => this.#onHello(),
    prepared: ({ number }) => {
      this.prepared = number
      this.#settle(number, 'done')
    },
    serving: ({ number, addresses }) => {
      this.serving = number
      this.addresses = addresses
      if (this.state === 'starting') this.state = 'serving'
      this.#settle(number, 'done')
    },
    refused: ({ number, reason }) => this.#settle(number, { failure: reason, gone: false }),
    answer: ({ id, value }) => {
      this.unanswered = 0
      this.#settleAsked(id, value)
    },
    takes: ({ calls }) => this.#options.onTakes(calls, this),
    retired: () => this.#options.onRetired(),
    drained: ({ clean, metrics }) => {
      this.drainedClean = clean
      this.#options.onMetrics(metrics)
    },
  }

  #exited(how: string): void {
    this.#process = undefined
    this.state = 'down'
    this.lastExit = how
    if (this.#waiting) this.#settle(this.#waiting.number, { failure: `it ended (${how})`, gone: true })
    for (const id of [...this.#asked.keys()]) this.#settleAsked(id, undefined)
    this.#onGone.resolve()
  }
}
