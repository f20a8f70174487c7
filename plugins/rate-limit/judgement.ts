// What was found out about an exchange, kept from the hook that takes its limits to the one that tells the client.
import type { Exchange, LimitCheck, LimitState } from '../../src/plugin.ts'
import type { Limit, Quota } from './limit.ts'

/** One limit, for one exchange. */
export interface Claim {
  readonly limit: Limit
  readonly quota: Quota
  readonly check: LimitCheck
  /** Undefined until known, and where the store is down and the limit lets everything pass. */
  state: LimitState | undefined
}

export interface Judgement {
  readonly claims: readonly Claim[]
  readonly atMs: number
}

const JUDGEMENT = Symbol('judgement')

type Judged = Exchange & { [JUDGEMENT]?: Judgement }

/** On the exchange itself: a WeakMap costs 1.1 us a request, the most of it when garbage is collected. */
export function keepJudgement(exchange: Judged, judgement: Judgement): void {
  exchange[JUDGEMENT] = judgement
}

export function judgementOf(exchange: Judged): Judgement | undefined {
  return exchange[JUDGEMENT]
}
