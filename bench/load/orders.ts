// What a generator can be told to do, and what it reports: the messages between the benchmark and its generator.
import type { CoreTimes } from '../machine/proc-files.ts'
import type { Usage } from '../machine/usage.ts'
import type { LatencySummary } from '../statistics/latencies.ts'

/** Who is asked for what, and which answer is right. */
export interface LoadTarget {
  readonly port: number
  readonly connections: number
  /** Sent in turn, see `requestHead`. */
  readonly requests: readonly string[]
  /** Appended to each request. */
  readonly requestBodyBytes?: number
  readonly expectedStatus: number
  readonly expectedBodyBytes: number
}

/** Answers that were not as expected, and connections that broke. */
export interface Failures {
  readonly count: number
  /** The first few. */
  readonly examples: readonly string[]
}

/** Each connection sends its next request as soon as it has its answer. */
export interface ClosedLoopOrder {
  readonly kind: 'closed-loop'
  readonly target: LoadTarget
  readonly warmUpMs: number
  readonly slices: number
  readonly sliceMs: number
  /** Named groups of processes whose usage is read at the ends of each slice. */
  readonly watch: Readonly<Record<string, readonly number[]>>
  /** The core whose times are read as well. */
  readonly core: number
}

export interface Slice {
  readonly ms: number
  readonly answered: number
  readonly cpuMs: Readonly<Record<string, number>>
  readonly core: CoreTimes
}

export interface ClosedLoopReport {
  readonly slices: readonly Slice[]
  /** At the end of the last slice, under load. */
  readonly rssBytes: Readonly<Record<string, number>>
  /** CPU time of the generator itself over all slices. */
  readonly generatorCpuMs: number
  readonly failures: Failures
}

/** Requests leave on a fixed schedule, whether or not earlier ones are answered. */
export interface OpenLoopOrder {
  readonly kind: 'open-loop'
  readonly target: LoadTarget
  readonly perSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface OpenLoopReport {
  /** From the time that the schedule says, not from when the request could be sent. */
  readonly latency: LatencySummary
  /** How late requests were sent: what the generator itself adds to every contestant. */
  readonly lateness: LatencySummary
  readonly failures: Failures
}

/** Opens connections, sends one request on each, and keeps them open until `release`. */
export interface HoldOrder {
  readonly kind: 'hold'
  readonly target: LoadTarget
}

export interface HoldReport {
  readonly opened: number
  readonly failures: Failures
}

export interface ReleaseOrder {
  readonly kind: 'release'
}

export interface ReleaseReport {
  readonly stillOpen: number
}

/** One answer, read no faster than told. */
export interface SlowReadOrder {
  readonly kind: 'slow-read'
  readonly port: number
  readonly request: string
  readonly bytesPerSecond: number
  readonly watch: readonly number[]
}

export interface SlowReadReport {
  readonly bytes: number
  readonly ms: number
  readonly before: Usage
  readonly after: Usage
  readonly maxRssBytes: number
}

/** Order -> report. */
export interface Orders {
  'closed-loop': { order: ClosedLoopOrder; report: ClosedLoopReport }
  'open-loop': { order: OpenLoopOrder; report: OpenLoopReport }
  hold: { order: HoldOrder; report: HoldReport }
  release: { order: ReleaseOrder; report: ReleaseReport }
  'slow-read': { order: SlowReadOrder; report: SlowReadReport }
}

export type Order = Orders[keyof Orders]['order']

/** Parent to generator. */
export interface OrderMessage {
  readonly id: number
  readonly order: Order
}

/** Generator to parent. */
export interface ReportMessage {
  readonly id: number
  readonly report?: unknown
  readonly error?: string
}
