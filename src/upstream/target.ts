// One address of a service: its load and whether it is fit to be picked.
import type { Clock } from '../plugin.ts'
import { PeakEwma } from './balance/peak-ewma.ts'
import { Ejection, type EjectionOptions } from './ejection.ts'
import type { EjectionSettings, TargetSettings } from './settings.ts'
import type { TargetPool } from './transmission.ts'

/** A failure is remembered as this slow, or a fast 503 would look like the best target (linkerd's load biaser). */
const FAILURE_PENALTY_MS = 5_000

export interface TargetOptions {
  readonly settings: TargetSettings
  /** Requests that it may hold, sent and waiting: more once it is known to speak HTTP/2. */
  maxPending?(): number
  /** Latencies below this make no difference in the balance. */
  readonly leastLatencyMs?: number
  readonly clock: Clock
  readonly ejection: EjectionSettings | false
  readonly random: () => number
  readonly onEjection: EjectionOptions['onChange']
}

/** Where a target is, for spans: the same object for every attempt. */
export interface TargetFacts {
  readonly url: string
  readonly host: string
  readonly port: number
}

export class Target {
  readonly url: string
  readonly facts: TargetFacts
  readonly weight: number
  /** False while active health checks fail. */
  healthy = true
  /** Requests sent or waiting, bodies included. */
  pending = 0
  readonly #clock: Clock
  readonly #maxPending: () => number
  readonly #leastLatencyMs: number
  readonly #latency: PeakEwma
  readonly #ejection: Ejection | undefined

  constructor(options: TargetOptions) {
    this.url = options.settings.url
    this.facts = factsOf(this.url)
    this.weight = options.settings.weight
    this.#clock = options.clock
    this.#maxPending = options.maxPending ?? unlimited
    this.#leastLatencyMs = options.leastLatencyMs ?? 0
    this.#latency = new PeakEwma(options.clock.now())
    const { ejection, clock, random, onEjection } = options
    if (ejection) this.#ejection = new Ejection({ settings: ejection, clock, random, onChange: onEjection })
  }

  /** Expected wait: decayed latency times the requests that would share it, per weight. */
  load(): number {
    const latencyMs = Math.max(this.#latency.read(this.#clock.now()), this.#leastLatencyMs)
    return (latencyMs * (this.pending + 1)) / this.weight
  }

  /** False while it holds all the requests that it may. */
  hasRoom(): boolean {
    return this.pending < this.#maxPending()
  }

  isAvailable(): boolean {
    return this.healthy && (this.#ejection?.isAvailable() ?? true)
  }

  /** Both the health check and real traffic say that it is down: not even worth a try when nothing is better. */
  isDown(): boolean {
    return !this.healthy && (this.#ejection === undefined || !this.#ejection.isAvailable())
  }

  get ejectedUntil(): number {
    return this.#ejection?.ejectedUntil ?? 0
  }

  get latencyMs(): number {
    return this.#latency.read(this.#clock.now())
  }

  onPick(): void {
    this.pending++
    this.#ejection?.onPick()
  }

  onEnd(): void {
    this.pending--
  }

  onSuccess(rttMs: number): void {
    const now = this.#clock.now()
    this.#latency.observe(rttMs, now)
    this.#ejection?.onSuccess(now)
  }

  /** `penaltyMs` is what the service asked for by Retry-After, if it did. */
  onFailure(rttMs: number, penaltyMs = FAILURE_PENALTY_MS): void {
    const now = this.#clock.now()
    this.#latency.observe(Math.max(rttMs, penaltyMs), now)
    this.#ejection?.onFailure(now)
  }

  /** Too busy or broken for this request, but not dead: slower in the balance, nothing for the ejection. */
  onPushback(rttMs: number, penaltyMs = FAILURE_PENALTY_MS): void {
    const now = this.#clock.now()
    this.#latency.observe(Math.max(rttMs, penaltyMs), now)
    this.#ejection?.onSuccess(now)
  }

  onIgnored(): void {
    this.#ejection?.onIgnored()
  }
}

/** A target that is sent HTTP requests, over a pool of connections. */
export class HttpTarget extends Target {
  readonly pool: TargetPool

  constructor(options: TargetOptions & { readonly pool: TargetPool }) {
    super(options)
    this.pool = options.pool
  }
}

const unlimited = () => Number.POSITIVE_INFINITY

function factsOf(url: string): TargetFacts {
  if (url.startsWith('unix:')) return { url, host: url.slice('unix:'.length), port: 0 }
  const { hostname, port, protocol } = new URL(url)
  return { url, host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}
