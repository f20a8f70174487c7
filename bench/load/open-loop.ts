// Requests on a fixed schedule. Latency counts from the scheduled time: a stall shows in every request that it delays.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { summarizeLatencies } from '../statistics/latencies.ts'
import { AnswerCheck } from './answer-check.ts'
import { type Connection, openConnection } from './connection.ts'
import type { OpenLoopOrder, OpenLoopReport } from './orders.ts'
import { requestBytes } from './request-bytes.ts'
import type { Schedule } from './ticker.ts'

/** Time for the thread to start before the first request is due. */
const HEAD_START_MS = 200
/** How long answers may take after the last request. */
const LAST_ANSWERS_MS = 5000

export async function runOpenLoop(order: OpenLoopOrder): Promise<OpenLoopReport> {
  const loop = new OpenLoop(order)
  await loop.open()
  await loop.run()
  loop.close()
  return {
    latency: summarizeLatencies(loop.latencies()),
    lateness: summarizeLatencies(loop.latenesses()),
    failures: loop.check.failures,
  }
}

class OpenLoop {
  readonly check: AnswerCheck
  readonly #order: OpenLoopOrder
  readonly #requests: readonly Buffer[]
  readonly #intervalMs: number
  readonly #total: number
  readonly #warmUp: number
  readonly #answeredAt: Float64Array
  readonly #sentAt: Float64Array
  readonly #idle: Connection[] = []
  /** Which request is on its way there. */
  readonly #carries = new Map<Connection, number>()
  readonly #done = Promise.withResolvers<void>()
  #startAtMs = 0
  #due = 0
  #sent = 0
  #ended = 0

  constructor(order: OpenLoopOrder) {
    const { requests, requestBodyBytes } = order.target
    this.#order = order
    this.#requests = requests.map((head) => requestBytes(head, requestBodyBytes))
    this.#intervalMs = 1000 / order.perSecond
    this.#warmUp = Math.round((order.warmUpMs / 1000) * order.perSecond)
    this.#total = this.#warmUp + Math.round((order.measureMs / 1000) * order.perSecond)
    this.#answeredAt = new Float64Array(this.#total).fill(Number.NaN)
    this.#sentAt = new Float64Array(this.#total).fill(Number.NaN)
    this.check = new AnswerCheck(order.target)
  }

  async open(): Promise<void> {
    const { port, connections } = this.#order.target
    const events = {
      onResponse: (connection: Connection, status: number, bodyBytes: number) => {
        this.#answered(connection, this.check.isRight(status, bodyBytes))
        this.#idle.push(connection)
        this.#sendDue()
      },
      onLost: (connection: Connection, reason: string) => this.#lost(connection, reason),
    }
    for (let opened = 0; opened < connections; opened++) this.#idle.push(await openConnection(port, events))
  }

  async run(): Promise<void> {
    this.#startAtMs = performance.now() + HEAD_START_MS
    const schedule: Schedule = {
      startAtMs: this.#startAtMs,
      intervalMs: this.#intervalMs,
      count: this.#total,
      timeOrigin: performance.timeOrigin,
    }
    const ticker = new Worker(new URL('./ticker.ts', import.meta.url), { workerData: schedule })
    ticker.on('message', (tick: number) => {
      this.#due = tick + 1
      this.#sendDue()
    })
    await once(ticker, 'exit')
    const timeout = setTimeout(() => this.#done.resolve(), LAST_ANSWERS_MS)
    await this.#done.promise
    clearTimeout(timeout)
    if (this.#ended < this.#total) this.check.fail(`${this.#total - this.#ended} requests without an answer`)
  }

  close(): void {
    for (const connection of [...this.#idle, ...this.#carries.keys()]) connection.close()
  }

  latencies(): Float64Array {
    return this.#measured(this.#answeredAt)
  }

  latenesses(): Float64Array {
    return this.#measured(this.#sentAt)
  }

  #measured(times: Float64Array): Float64Array {
    return times
      .map((time, at) => time - this.#scheduledAt(at))
      .slice(this.#warmUp)
      .filter((ms) => !Number.isNaN(ms))
  }

  #scheduledAt(request: number): number {
    return this.#startAtMs + request * this.#intervalMs
  }

  #sendDue(): void {
    while (this.#sent < this.#due) {
      // First in, first out: all connections are used in turn, as by many clients.
      const connection = this.#idle.shift()
      if (connection === undefined) return
      const request = this.#sent++
      this.#carries.set(connection, request)
      this.#sentAt[request] = performance.now()
      connection.send(this.#requests[request % this.#requests.length]!)
    }
  }

  #answered(connection: Connection, right: boolean): void {
    const request = this.#carries.get(connection)
    if (request === undefined) {
      this.check.fail('an answer without a request')
      return
    }
    this.#carries.delete(connection)
    if (right) this.#answeredAt[request] = performance.now()
    this.#ended++
    if (this.#ended === this.#total) this.#done.resolve()
  }

  #lost(connection: Connection, reason: string): void {
    this.check.fail(reason)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (this.#carries.has(connection)) this.#answered(connection, false)
  }
}
