// Identifies callers by a signed JSON Web Token.
import type { KeyObject } from 'node:crypto'
import type { Clock, Exchange } from '../../src/plugin.ts'
import type { Algorithm } from './algorithms.ts'
import { type ClaimRules, claimFault, endOf } from './claims.ts'
import { AMBIGUOUS, findCredential, type Place } from './credentials.ts'
import { loadJsonWebToken } from './jsonwebtoken.ts'
import { type IdentityClaims, identityOf } from './jwt-identity.ts'
import type { KeySet, KeySource } from './key-set.ts'
import { ABSENT, type Outcome, type Provider, rejected, UNAVAILABLE } from './provider.ts'
import { TokenCache } from './token-cache.ts'
import { MAX_TOKEN_BYTES, type ParsedToken, parseToken } from './token-format.ts'

export interface JwtParts {
  readonly name: string
  readonly places: readonly Place[]
  readonly forwards: boolean
  readonly algorithms: readonly Algorithm[]
  readonly rules: ClaimRules
  readonly names: IdentityClaims
  readonly tiers: ReadonlyMap<string, string>
  readonly source: KeySource
  readonly clock: Clock
}

export class JwtProvider implements Provider {
  readonly name: string
  readonly scheme = 'Bearer'
  readonly places: readonly Place[]
  readonly forwards: boolean
  readonly headerNames: readonly string[]
  readonly #parts: JwtParts
  readonly #cache = new TokenCache()
  readonly #library = loadJsonWebToken()

  constructor(parts: JwtParts) {
    this.#parts = parts
    this.name = parts.name
    this.places = parts.places
    this.forwards = parts.forwards
    this.headerNames = Object.keys(parts.names.claimsToHeaders).map((name) => name.toLowerCase())
  }

  authenticate(exchange: Exchange): Outcome | Promise<Outcome> {
    const token = findCredential(exchange, this.places)
    if (token === undefined) return ABSENT
    if (token === AMBIGUOUS) return rejected('several credentials')
    if (token.length > MAX_TOKEN_BYTES) return rejected('too long')
    const keys = this.#parts.source.current()
    const known = keys && this.#cache.get(token, keys, this.#parts.clock.epochMs())
    return known ?? this.#judge(token, keys)
  }

  /** Everything that needs no key comes first: a token that cannot pass costs no signature and no fetch. */
  #judge(token: string, keys: KeySet | undefined): Outcome | Promise<Outcome> {
    const { algorithms, rules, clock, source } = this.#parts
    const parsed = parseToken(token, algorithms)
    if (typeof parsed === 'string') return rejected(parsed)
    const fault = claimFault(parsed.claims, rules, clock.epochMs() / 1000)
    if (fault !== undefined) return rejected(fault)
    const decided = keys && this.#verify(token, parsed, keys)
    if (decided) return decided
    const refreshed = source.refresh()
    if (refreshed === undefined) return this.#verdict(token, parsed, keys)
    return refreshed.then((fresh) => this.#verdict(token, parsed, fresh))
  }

  #verdict(token: string, parsed: ParsedToken, keys: KeySet | undefined): Outcome {
    return keys ? (this.#verify(token, parsed, keys) ?? rejected('unknown key')) : UNAVAILABLE
  }

  /** Undefined when none of the keys can be the one that signed. */
  #verify(token: string, parsed: ParsedToken, keys: KeySet): Outcome | undefined {
    const { algorithm, keyId, claims } = parsed
    const candidates = keys.candidates(algorithm, keyId)
    if (candidates.length === 0) return undefined
    if (!candidates.some(({ key }) => this.#isSignedBy(token, key, algorithm)))
      return rejected('wrong signature')
    const { tiers, rules, names, clock } = this.#parts
    const endMs = endOf(claims, rules.skewSeconds) * 1000
    const identity = identityOf(claims, names, { tiers, expiresAt: endMs })
    if (!identity) return rejected('no consumer')
    const outcome: Outcome = { kind: 'accepted', identity }
    this.#cache.set(token, keys, { nowMs: clock.epochMs(), endMs }, outcome)
    return outcome
  }

  // The library only checks the signature: with one algorithm and a KeyObject it has nothing left to guess, and the
  // claims have been judged before, more strictly than it does.
  #isSignedBy(token: string, key: KeyObject, algorithm: Algorithm): boolean {
    try {
      this.#library.verify(token, key, {
        algorithms: [algorithm],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      })
      return true
    } catch {
      return false
    }
  }
}
