// Connections that send their next request as soon as they have an answer: the most that a contestant can serve.
import { setTimeout as sleep } from 'node:timers/promises'
import { readCore, readUsage } from '../machine/usage.ts'
import { AnswerCheck } from './answer-check.ts'
import { type Connection, type ConnectionEvents, openConnection } from './connection.ts'
import type { ClosedLoopOrder, ClosedLoopReport, Slice } from './orders.ts'
import { requestBytes } from './request-bytes.ts'

/** How long answers may take after the end. */
const LAST_ANSWERS_MS = 5000
const POLL_MS = 10

export async function runClosedLoop(order: ClosedLoopOrder): Promise<ClosedLoopReport> {
  const loop = new ClosedLoop(order)
  await loop.start()
  await sleep(order.warmUpMs)
  const marks = [loop.mark()]
  const generatorBefore = process.cpuUsage()
  for (let slice = 0; slice < order.slices; slice++) {
    await sleep(order.sliceMs)
    marks.push(loop.mark())
  }
  const generator = process.cpuUsage(generatorBefore)
  const rssBytes = mapGroups(order, (pids) => readUsage(pids).rssBytes)
  await loop.stop()
  return {
    slices: marks.slice(1).map((mark, at) => sliceBetween(marks[at]!, mark)),
    rssBytes,
    generatorCpuMs: (generator.user + generator.system) / 1000,
    failures: loop.check.failures,
  }
}

class ClosedLoop {
  readonly check: AnswerCheck
  readonly #order: ClosedLoopOrder
  readonly #requests: readonly Buffer[]
  readonly #connections: Connection[] = []
  #next = 0
  #answered = 0
  #inFlight = 0
  #running = true

  constructor(order: ClosedLoopOrder) {
    const { requests, requestBodyBytes } = order.target
    this.#order = order
    this.#requests = requests.map((head) => requestBytes(head, requestBodyBytes))
    this.check = new AnswerCheck(order.target)
  }

  async start(): Promise<void> {
    const { port, connections } = this.#order.target
    const events: ConnectionEvents = {
      onResponse: (connection, status, bodyBytes) => {
        this.#inFlight--
        if (this.check.isRight(status, bodyBytes)) this.#answered++
        if (this.#running) this.#send(connection)
      },
      onLost: (_, reason) => {
        this.#inFlight--
        this.check.fail(reason)
      },
    }
    for (let opened = 0; opened < connections; opened++) {
      const connection = await openConnection(port, events)
      this.#connections.push(connection)
      this.#send(connection)
    }
  }

  mark(): Slice {
    return {
      ms: performance.now(),
      answered: this.#answered,
      cpuMs: mapGroups(this.#order, (pids) => readUsage(pids).cpuMs),
      core: readCore(this.#order.core),
    }
  }

  /** Answers on their way are waited for: cut off, they would be errors in the contestant's books. */
  async stop(): Promise<void> {
    this.#running = false
    const deadline = performance.now() + LAST_ANSWERS_MS
    while (this.#inFlight > 0 && performance.now() < deadline) await sleep(POLL_MS)
    for (const connection of this.#connections) connection.close()
  }

  #send(connection: Connection): void {
    this.#inFlight++
    connection.send(this.#requests[this.#next]!)
    this.#next = (this.#next + 1) % this.#requests.length
  }
}

function mapGroups({ watch }: ClosedLoopOrder, read: (pids: readonly number[]) => number) {
  return Object.fromEntries(Object.entries(watch).map(([name, pids]) => [name, read(pids)]))
}

function sliceBetween(from: Slice, to: Slice): Slice {
  const cpu = Object.entries(to.cpuMs).map(([name, ms]) => [name, ms - (from.cpuMs[name] ?? 0)])
  return {
    ms: to.ms - from.ms,
    answered: to.answered - from.answered,
    cpuMs: Object.fromEntries(cpu),
    core: {
      busyMs: to.core.busyMs - from.core.busyMs,
      stolenMs: to.core.stolenMs - from.core.stolenMs,
    },
  }
}
