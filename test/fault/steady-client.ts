// A client that is not slow: requests at fixed times, on connections that it keeps and on new ones, all of them timed.
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Between two requests on connections that are kept, and between two on new ones. */
const KEPT_EVERY_MS = 1.25
const NEW_EVERY_MS = 50
/** So many that no request waits for another one of the client itself. */
export const CONNECTIONS = 128
/** The certificate is made for this one measurement. */
const TRUSTING = { rejectUnauthorized: false }

export interface Seen {
  /** Milliseconds from the moment when a request was due, whatever kept the client from sending it. */
  readonly kept: Latencies
  readonly fresh: Latencies
  /** 99th percentile of the milliseconds by which this process itself was late. */
  readonly ownLag: number
}

export class SteadyClient {
  readonly #url: string
  readonly #speak: typeof http | typeof https
  readonly #agent: http.Agent
  #kept = new Latencies()
  #fresh = new Latencies()
  readonly #lag = monitorEventLoopDelay({ resolution: 1 })
  readonly #timer: NodeJS.Timeout
  readonly #pending = new Set<Promise<void>>()
  #keptDue = performance.now()
  #freshDue = performance.now()

  constructor(url: string) {
    this.#url = url
    this.#speak = url.startsWith('https:') ? https : http
    this.#agent = new this.#speak.Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
    this.#lag.enable()
    // All of them: one that is opened in the middle of it is measured as a new one.
    for (let made = 0; made < CONNECTIONS; made++) this.#start(performance.now(), this.#kept, this.#agent)
    this.#timer = setInterval(() => this.#sendDue(), 1)
  }

  /** What it saw since it was last asked. */
  take(): Seen {
    const seen = { kept: this.#kept, fresh: this.#fresh, ownLag: this.#lag.percentile(99) / 1e6 }
    this.#kept = new Latencies()
    this.#fresh = new Latencies()
    this.#lag.reset()
    return seen
  }

  /** When the last request has been answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#pending)
    this.#agent.destroy()
  }

  #sendDue(): void {
    const now = performance.now()
    for (; this.#keptDue <= now; this.#keptDue += KEPT_EVERY_MS)
      this.#start(this.#keptDue, this.#kept, this.#agent)
    for (; this.#freshDue <= now; this.#freshDue += NEW_EVERY_MS)
      this.#start(this.#freshDue, this.#fresh, false)
  }

  #start(due: number, latencies: Latencies, agent: http.Agent | false): void {
    const answered = this.#time(due, latencies, agent).then(() => void this.#pending.delete(answered))
    this.#pending.add(answered)
  }

  async #time(due: number, latencies: Latencies, agent: http.Agent | false): Promise<void> {
    const request = this.#speak.request(this.#url, { agent, ...TRUSTING }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`a client that is not slow got ${response.statusCode}`)
    await once(response.resume(), 'end')
    latencies.add(due, performance.now() - due)
  }
}

/** Of requests, in milliseconds, with the second in which each was due. */
export class Latencies {
  #all: { readonly second: number; readonly ms: number }[] = []

  add(due: number, ms: number): void {
    this.#all.push({ second: Math.floor(due / 1000), ms })
  }

  get p99(): number {
    return percentile99(this.#all)
  }

  /** Of the requests of both. */
  with(others: Latencies): Latencies {
    const both = new Latencies()
    both.#all = [...this.#all, ...others.#all]
    return both
  }

  /** The 99th percentile of so many seconds after the other. */
  course(seconds: number): number[] {
    const from = this.#all.reduce((least, { second }) => Math.min(least, second), Number.POSITIVE_INFINITY)
    const parts = Map.groupBy(this.#all, ({ second }) => Math.floor((second - from) / seconds))
    return [...parts].toSorted(([a], [b]) => a - b).map(([, latencies]) => percentile99(latencies))
  }

  /** In how many seconds the 99th percentile of that second alone was over it. */
  secondsOver(limit: number): number {
    return this.course(1).filter((p99) => p99 > limit).length
  }
}

function percentile99(latencies: readonly { readonly ms: number }[]): number {
  const sorted = latencies.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN
}
