// The workers of a node together: started, kept alive, brought to the next generation all at once, drained.
import type { Clock, Logger, Timer } from '../plugin.ts'
import { pause } from '../waiting.ts'
import type { Plan, Question, StoreCall } from './messages.ts'
import { RespawnDelay } from './respawn-delay.ts'
import { type Outcome, type WorkerProcess, WorkerSlot } from './worker-slot.ts'

/** How often each worker is asked for its metrics, which also shows that it lives. */
const POLL_MS = 1000
/** A stalled worker takes no new connections by itself, as the port is shared; so long a stall is no pause any more. */
const POLLS_TO_LIVE = 10

export interface SupervisorOptions {
  readonly count: number
  /** The node's name in the cluster. */
  readonly node: string
  readonly clock: Clock
  readonly logger: Logger
  random(): number
  /** Of TLS session tickets, in base64: what a worker that starts gets. */
  ticketKeys(): string
  spawn(slot: number): WorkerProcess
  onTakes(calls: readonly StoreCall[], slot: WorkerSlot): void
  /** What a worker has counted since its last report. */
  onMetrics(report: unknown, slot: number): void
  /** A worker is gone, and with it what it had in flight. */
  onDeath(slot: number): void
  onRetired(): void
}

export class Supervisor {
  readonly slots: readonly WorkerSlot[]
  readonly #options: SupervisorOptions
  #plan: Plan
  /** While all workers go from one generation to the next, those that start wait. */
  #rollout: Promise<void> | undefined
  #poll: Timer | undefined
  #ending = false

  constructor(first: Plan, options: SupervisorOptions) {
    this.#options = options
    this.#plan = first
    const { count, node } = options
    this.slots = Array.from({ length: count }, (_, at) => {
      const post = { slot: at + 1, workers: count, node }
      const onMetrics = (report: unknown) => options.onMetrics(report, post.slot)
      return new WorkerSlot({ ...options, post, onMetrics })
    })
  }

  get serving(): readonly WorkerSlot[] {
    return this.slots.filter(({ state }) => state === 'serving')
  }

  /** Resolves when all serve; rejects with the reason of the first that cannot, and none is left then. */
  async start(): Promise<void> {
    await this.#all((slot) => slot.start(this.#plan))
    await this.#all((slot) => slot.commit(this.#plan.number))
    for (const slot of this.slots) void this.#keep(slot)
    this.#schedulePoll()
  }

  /** Every worker builds it aside. Resolves with what makes all of them serve it; rejects when one refuses it. */
  async prepare(plan: Plan): Promise<() => Promise<void>> {
    const finished = Promise.withResolvers<void>()
    this.#rollout = finished.promise
    const workers = this.serving
    const end = (): void => {
      this.#rollout = undefined
      finished.resolve()
    }
    const outcomes = await Promise.all(workers.map((slot) => slot.prepare(plan)))
    const refusal = whyNot(outcomes)
    if (refusal !== undefined) {
      for (const slot of workers) slot.abort(plan.number)
      end()
      throw new Error(refusal)
    }
    return async () => {
      this.#plan = plan
      // Not those that have died since, nor who came in their place: they follow.
      const built = workers.filter(({ prepared }) => prepared === plan.number)
      await Promise.all(built.map(async (slot) => this.#mustServe(slot, await slot.commit(plan.number))))
      end()
    }
  }

  /** What goes on with a generation that nobody else serves is ended: who comes in its place follows. */
  #mustServe(slot: WorkerSlot, outcome: Outcome): void {
    if (outcome === 'done' || outcome.gone) return
    const facts = { worker: slot.post.slot, reason: outcome.failure }
    this.#options.logger.error(facts, 'a worker does not change over: it is ended')
    slot.kill()
  }

  /** What each serving worker answers, by slot; those that do not answer in time are left out. */
  async ask(question: Question): Promise<readonly unknown[]> {
    const answers = await Promise.all(this.serving.map((slot) => slot.ask(question)))
    return answers.filter((answer) => answer !== undefined)
  }

  /** For those that run; who comes later gets the keys of then. */
  changeTicketKeys(): void {
    const ticketKeys = this.#options.ticketKeys()
    for (const slot of this.slots) slot.send({ kind: 'ticketKeys', ticketKeys })
  }

  /** Asks every worker now for what it has counted. */
  async collect(): Promise<void> {
    await Promise.all(this.serving.map((slot) => this.#collectFrom(slot, 'metrics')))
  }

  /** Resolves when all have ended; true when none had to cut a request. */
  async drain(limitMs: number): Promise<boolean> {
    this.#end()
    for (const slot of this.slots) this.#drainSlot(slot)
    const timer = this.#options.clock.after(limitMs, () => this.#killAll())
    await Promise.all(this.slots.map((slot) => slot.gone))
    timer.cancel()
    return this.slots.every(({ drainedClean }) => drainedClean)
  }

  async close(): Promise<void> {
    this.#end()
    this.#killAll()
    await Promise.all(this.slots.filter(({ state }) => state !== 'down').map((slot) => slot.gone))
  }

  #end(): void {
    this.#ending = true
    this.#poll?.cancel()
  }

  #killAll(): void {
    for (const slot of this.slots) slot.kill()
  }

  #drainSlot(slot: WorkerSlot): void {
    if (slot.state === 'serving') {
      slot.state = 'draining'
      slot.send({ kind: 'drain' })
    } else slot.kill()
  }

  async #all(step: (slot: WorkerSlot) => Promise<Outcome>): Promise<void> {
    const outcomes = await Promise.all(this.slots.map(step))
    const failed = outcomes.find((outcome) => outcome !== 'done')
    if (!failed) return
    await this.close()
    throw new Error(failed.failure)
  }

  /** For as long as the node lives: when the worker ends, another one comes. */
  async #keep(slot: WorkerSlot): Promise<void> {
    const { clock, logger, random, onDeath } = this.#options
    const delay = new RespawnDelay(random)
    while (!this.#ending) {
      await slot.gone
      onDeath(slot.post.slot)
      if (this.#ending) return
      const waitMs = Math.round(delay.after(clock.now() - slot.startedAt))
      logger.error(
        { worker: slot.post.slot, reason: slot.lastExit, waitMs },
        'a worker has ended: another one starts',
      )
      await pause(clock, waitMs)
      if (!this.#ending) await this.#raise(slot)
    }
  }

  /** A new worker, brought to the generation that the others serve by then. */
  async #raise(slot: WorkerSlot): Promise<void> {
    const { logger } = this.#options
    let outcome = await slot.start(this.#plan)
    while (outcome === 'done' && (this.#rollout !== undefined || slot.serving !== this.#plan.number)) {
      if (this.#rollout !== undefined) await this.#rollout
      else outcome = await this.#step(slot, this.#plan)
    }
    const worker = slot.post.slot
    if (outcome === 'done') logger.info({ worker, pid: slot.pid }, 'a new worker serves')
    else if (!this.#ending) {
      logger.error({ worker, reason: outcome.failure }, 'a new worker cannot serve')
      slot.kill()
    }
  }

  #step(slot: WorkerSlot, plan: Plan): Promise<Outcome> {
    return slot.prepared === plan.number ? slot.commit(plan.number) : slot.prepare(plan)
  }

  #schedulePoll(): void {
    this.#poll = this.#options.clock.after(POLL_MS, () => {
      for (const slot of this.serving) this.#pollOne(slot)
      if (!this.#ending) this.#schedulePoll()
    })
  }

  /** Polls are counted and not time: after a pause of the whole machine everybody is late. */
  #pollOne(slot: WorkerSlot): void {
    // While it builds a generation it may be silent: that has a limit of its own.
    if (this.#rollout === undefined) slot.unanswered++
    if (slot.unanswered <= POLLS_TO_LIVE) return void this.#collectFrom(slot, 'counts')
    this.#options.logger.error({ worker: slot.post.slot }, 'a worker is stuck: it is ended')
    slot.kill()
  }

  async #collectFrom(slot: WorkerSlot, question: Question): Promise<void> {
    const report = await slot.ask(question)
    if (report !== undefined) this.#options.onMetrics(report, slot.post.slot)
  }
}

/** A worker that dies meanwhile is no refusal, unless it happens to all of them. */
function whyNot(outcomes: readonly Outcome[]): string | undefined {
  const failed = outcomes.filter((outcome) => outcome !== 'done')
  const refused = failed.find(({ gone }) => !gone)
  if (refused) return refused.failure
  return failed.length === outcomes.length ? (failed[0]?.failure ?? 'there is no worker now') : undefined
}
