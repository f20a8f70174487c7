// Nodes that lease from one store over a network with delays and losses: every admission with its true time.
import {
  type Clock,
  GatewayError,
  type LimitCheck,
  type LimitVerdict,
  type Timer,
} from '../../../src/plugin.ts'
import type { LendingStore } from '../../../src/store/lease.ts'
import { createLeasingStore, type LeasingStore } from '../../../src/store/leasing-store.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { RecordingMeter } from './recorders.ts'

/** Enough for every promise between a store's answer and what is done with it. */
const TURNS = 12

interface Pending {
  readonly atMs: number
  run(): void
}

/** The true time, in which every node has a clock of its own. */
export class World {
  nowMs: number
  readonly #pending = new Set<Pending>()

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  /** A clock that runs by `drift` too fast. */
  clock(drift: number): Clock {
    return {
      now: () => this.nowMs * (1 + drift),
      epochMs: () => this.nowMs,
      after: (ms, run) => this.after(ms / (1 + drift), run),
    }
  }

  after(ms: number, run: () => void): Timer {
    const pending = { atMs: this.nowMs + ms, run }
    this.#pending.add(pending)
    return { cancel: () => this.#pending.delete(pending) }
  }

  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    await settle()
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#pending.delete(next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.run()
      await settle()
    }
    this.nowMs = endMs
  }

  #next(endMs: number): Pending | undefined {
    let next: Pending | undefined
    for (const one of this.#pending) if (one.atMs <= endMs && (!next || one.atMs < next.atMs)) next = one
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await null
}

/** When and how it was decided. */
export interface Decision {
  readonly atMs: number
  readonly admitted: boolean
  readonly asked: boolean
}

export interface Network {
  /** Milliseconds of one way; drawn for each. */
  delayMs(): number
  /** What becomes of a call. `late`: it is counted, and its answer gets lost. */
  fate(): 'arrives' | 'lost' | 'late'
}

export class Cluster {
  readonly world: World
  readonly shared: LendingStore
  readonly nodes: LeasingStore[] = []
  readonly decisions: Decision[] = []
  /** Calls of which the answer did not come. */
  failures = 0
  readonly #network: Network
  readonly #decidedAt = new WeakMap<LimitCheck, number>()
  readonly #drifts: readonly number[]

  /** `drifts`: one for each node. */
  constructor(world: World, drifts: readonly number[], network: Network) {
    this.world = world
    this.#network = network
    this.#drifts = drifts
    this.shared = createMemoryStore({ clock: world.clock(0) })
    for (const at of drifts.keys()) this.restart(at)
  }

  /** The node dies, with all that it holds, and a new one takes its place. */
  restart(node: number): void {
    const clock = this.world.clock(this.#drifts[node]!)
    const nodes = () => this.#drifts.length
    this.nodes[node] = createLeasingStore({
      store: this.#remote(),
      clock,
      meter: new RecordingMeter(),
      nodes,
    })
  }

  request(node: number, check: LimitCheck): void {
    // An object of its own for each request: the time at which the store decided is noted by it.
    const own = { ...check }
    const verdict = this.nodes[node]!.take([own])
    if (!(verdict instanceof Promise)) {
      this.decisions.push({ atMs: this.world.nowMs, admitted: verdict.allowed, asked: false })
      return
    }
    verdict.then(
      ({ allowed }) =>
        this.decisions.push({ atMs: this.#decidedAt.get(own)!, admitted: allowed, asked: true }),
      () => this.failures++,
    )
  }

  /** As many as there are, by somebody who holds no leases. */
  takeAll(check: LimitCheck): void {
    while ((this.shared.take([check]) as LimitVerdict).allowed) {
      this.decisions.push({ atMs: this.world.nowMs, admitted: true, asked: true })
    }
  }

  get admitted(): readonly Decision[] {
    return this.decisions.filter(({ admitted }) => admitted).sort((a, b) => a.atMs - b.atMs)
  }

  get refused(): readonly Decision[] {
    return this.decisions.filter(({ admitted }) => !admitted)
  }

  #remote(): LendingStore {
    const { world, shared } = this
    return {
      shared: true,
      take: async (checks, cost, terms) => {
        const fate = this.#network.fate()
        await this.#way()
        if (fate === 'lost') throw new GatewayError('STORE_UNAVAILABLE')
        for (const check of checks) this.#decidedAt.set(check, world.nowMs)
        const verdict = shared.take(checks, cost, terms)
        await this.#way()
        if (fate === 'late') throw new GatewayError('STORE_UNAVAILABLE')
        return verdict
      },
    }
  }

  #way(): Promise<void> {
    return new Promise((resolve) => void this.world.after(this.#network.delayMs(), resolve))
  }
}
