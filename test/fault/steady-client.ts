// A client that is not slow: requests at fixed times, on connections that it keeps and on new ones, all of them timed.
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Between two requests on connections that are kept, and between two on new ones. */
const KEPT_EVERY_MS = 1.25
const NEW_EVERY_MS = 50
/** So many that no request waits for another one of the client itself. */
const CONNECTIONS = 128
/** The certificate is made for this one measurement. */
const TRUSTING = { rejectUnauthorized: false }

export interface Seen {
  /** 99th percentile of milliseconds from the moment when a request was due, whatever kept the client from sending it. */
  readonly kept: number
  readonly fresh: number
  /** 99th percentile by which this process itself was late. */
  readonly ownLag: number
}

export class SteadyClient {
  readonly #url: string
  readonly #speak: typeof http | typeof https
  readonly #agent: http.Agent
  readonly #kept: number[] = []
  readonly #fresh: number[] = []
  readonly #lag = monitorEventLoopDelay({ resolution: 1 })
  readonly #timer: NodeJS.Timeout
  #keptDue = performance.now()
  #freshDue = performance.now()

  constructor(url: string) {
    this.#url = url
    this.#speak = url.startsWith('https:') ? https : http
    this.#agent = new this.#speak.Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    this.#lag.enable()
    this.#timer = setInterval(() => this.#sendDue(), 1)
  }

  /** What it saw since it was last asked. */
  take(): Seen {
    const seen = { kept: p99(this.#kept), fresh: p99(this.#fresh), ownLag: this.#lag.percentile(99) / 1e6 }
    this.#kept.length = 0
    this.#fresh.length = 0
    this.#lag.reset()
    return seen
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#agent.destroy()
  }

  #sendDue(): void {
    const now = performance.now()
    for (; this.#keptDue <= now; this.#keptDue += KEPT_EVERY_MS)
      void this.#time(this.#keptDue, this.#kept, this.#agent)
    for (; this.#freshDue <= now; this.#freshDue += NEW_EVERY_MS)
      void this.#time(this.#freshDue, this.#fresh, false)
  }

  async #time(due: number, latencies: number[], agent: http.Agent | false): Promise<void> {
    const request = this.#speak.request(this.#url, { agent, ...TRUSTING }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    if (response.statusCode !== 200) throw new Error(`a client that is not slow got ${response.statusCode}`)
    await once(response.resume(), 'end')
    latencies.push(performance.now() - due)
  }
}

function p99(latencies: number[]): number {
  return latencies.sort((a, b) => a - b)[Math.floor(0.99 * latencies.length)] ?? Number.NaN
}
