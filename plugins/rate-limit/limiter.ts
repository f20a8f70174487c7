// Decides for one route: one call to the store for all limits of a request, or none when the answer is known.
import {
  type Exchange,
  GatewayError,
  type LimitState,
  type LimitVerdict,
  type PluginContext,
} from '../../src/plugin.ts'
import { type Denial, DenyCache } from './deny-cache.ts'
import type { Claim, Judgement } from './judgement.ts'
import { KnownChecks } from './known-checks.ts'
import { type Limit, quotaFor, shareOf } from './limit.ts'
import { LimitCounters } from './limit-counters.ts'
import { rateLimited, uncheckable } from './refusal.ts'

/** A refusal by this node's share says nothing about the whole: it must not outlive the return of Redis for long. */
const LONGEST_LOCAL_DENIAL_MS = 1000

type LimiterContext = Pick<PluginContext, 'store' | 'localStore' | 'nodes' | 'clock' | 'meter' | 'share'>

export class Limiter {
  readonly #context: LimiterContext
  readonly #denied: DenyCache
  readonly #checks: KnownChecks
  readonly #counters: LimitCounters

  constructor(limits: readonly Limit[], context: LimiterContext) {
    this.#context = context
    // One for all routes: who has exhausted a limit of `defaults` on one of them is known on the others, and ten thousand
    // routes have one bound.
    this.#denied = context.share('denied', () => new DenyCache())
    this.#checks = context.share('checks', () => new KnownChecks())
    this.#counters = new LimitCounters(limits, context.meter)
  }

  claim(limits: readonly Limit[], exchange: Exchange): Judgement {
    const claims: Claim[] = []
    for (const limit of limits) {
      const quota = quotaFor(limit, exchange)
      claims.push({ limit, quota, check: this.#checks.of(limit, quota, exchange), state: undefined })
    }
    return { claims, atMs: this.#context.clock.now() }
  }

  /** False: nobody is known to have exhausted anything, and no claim needs to be made out to find that out. */
  get knowsExhausted(): boolean {
    return this.#denied.size > 0
  }

  /** True when a claim is known to be exhausted. Asks nobody. */
  isExhausted({ claims, atMs }: Judgement): boolean {
    if (!this.knowsExhausted) return false
    let exhausted = false
    for (const claim of claims) {
      const denial = this.#denied.find(claim.check.key, atMs)
      if (!denial) continue
      claim.state = stateOf(denial, atMs)
      exhausted = true
    }
    return exhausted
  }

  /** Takes all claims or none: throws RATE_LIMITED, or STORE_UNAVAILABLE where a limit asks for that. */
  take(judgement: Judgement): void | Promise<void> {
    const allowed = this.#ask(judgement)
    if (allowed instanceof Promise) return allowed.then((settled) => this.#conclude(judgement, settled))
    return this.#conclude(judgement, allowed)
  }

  /** Counts an exchange that has its answer already: it is too late to refuse, not to remember what is exhausted. */
  async charge(judgement: Judgement): Promise<void> {
    try {
      await this.#ask(judgement)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
    }
  }

  refuse({ claims }: Judgement): never {
    const violated = claims.filter(({ state }) => state && !state.allowed)
    for (const { limit } of violated) this.#counters.limited(limit)
    const waits = violated.map(({ state }) => state!.retryAfterMs)
    throw rateLimited(
      violated.map(({ limit }) => limit.name),
      Math.max(...waits),
    )
  }

  #conclude(judgement: Judgement, allowed: boolean): void {
    if (!allowed) this.refuse(judgement)
    for (const { limit } of judgement.claims) this.#counters.allowed(limit)
  }

  #ask(judgement: Judgement): boolean | Promise<boolean> {
    const { claims, atMs } = judgement
    const verdict = this.#context.store.take(claims.map(({ check }) => check))
    if (!(verdict instanceof Promise)) return this.#note(claims, verdict, { askedAtMs: atMs })
    return verdict.then(
      (settled) => this.#note(claims, settled, { askedAtMs: atMs }),
      (error) => this.#fallBack(judgement, error),
    )
  }

  async #fallBack({ claims, atMs }: Judgement, error: unknown): Promise<boolean> {
    if (!(error instanceof GatewayError) || error.code !== 'STORE_UNAVAILABLE') throw error
    for (const { limit } of claims) this.#counters.storeError(limit)
    if (claims.some(({ limit }) => limit.onStoreError === 'refuse')) throw uncheckable(error)
    const local = claims.filter(({ limit }) => limit.onStoreError === 'local')
    const nodes = this.#context.nodes()
    const verdict = await this.#context.localStore.take(local.map(({ check }) => shareOf(check, nodes)))
    return this.#note(local, verdict, { askedAtMs: atMs, longestMs: LONGEST_LOCAL_DENIAL_MS })
  }

  #note(
    claims: readonly Claim[],
    verdict: LimitVerdict,
    { askedAtMs, longestMs = Number.POSITIVE_INFINITY }: { askedAtMs: number; longestMs?: number },
  ): boolean {
    let at = 0
    for (const claim of claims) {
      const state = verdict.states[at++]!
      claim.state = state
      if (state.allowed) continue
      const nowMs = this.#context.clock.now()
      this.#denied.remember(claim.check.key, state, { askedAtMs, nowMs, longestMs })
    }
    return verdict.allowed
  }
}

function stateOf(denial: Denial, nowMs: number): LimitState {
  return {
    allowed: false,
    remaining: 0,
    resetMs: denial.resetAtMs - nowMs,
    retryAfterMs: denial.retryAtMs - nowMs,
  }
}
