// Decides for one route who passes: the first provider that recognises the caller, then what the route asks.
import { type Exchange, FieldNames } from '../../src/plugin.ts'
import { forbidden, unauthenticated, undecidable } from './challenges.ts'
import { type Place, removeCredential, samePlace } from './credentials.ts'
import type { Note } from './decisions.ts'
import { CONSUMER_HEADERS } from './identity-headers.ts'
import type { Identity, Outcome, Provider } from './provider.ts'
import { meets, type Requirements } from './requirements.ts'

/** What the providers that were asked so far have said. */
interface Refusals {
  readonly tokenRejected: boolean
  readonly isUnavailable: boolean
}

interface Asked {
  readonly exchange: Exchange
  readonly at: number
  readonly refusals: Refusals
}

const NONE: Refusals = { tokenRejected: false, isUnavailable: false }

export class Guard {
  readonly #providers: readonly Provider[]
  readonly #requirements: Requirements
  readonly #note: Note
  /** Names that only the accepted identity may fill. */
  readonly #identityNames: FieldNames
  /** At the same places as the providers. */
  readonly #removals: readonly (readonly Place[])[]

  constructor(providers: readonly Provider[], requirements: Requirements, note: Note) {
    this.#providers = providers
    this.#requirements = requirements
    this.#note = note
    this.#identityNames = new FieldNames([
      ...CONSUMER_HEADERS,
      ...providers.flatMap(({ headerNames }) => headerNames),
    ])
    this.#removals = providers.map((provider) => removalsFor(provider, providers))
  }

  /** Throws a GatewayError to refuse. Synchronous, unless a provider has to fetch keys. */
  check(exchange: Exchange): void | Promise<void> {
    return this.#ask({ exchange, at: 0, refusals: NONE })
  }

  #ask(asked: Asked): void | Promise<void> {
    const provider = this.#providers[asked.at]
    if (provider === undefined) throw this.#refusal(asked.refusals)
    const outcome = provider.authenticate(asked.exchange)
    return outcome instanceof Promise
      ? outcome.then((settled) => this.#follow(provider, settled, asked))
      : this.#follow(provider, outcome, asked)
  }

  #follow(provider: Provider, outcome: Outcome, asked: Asked): void | Promise<void> {
    if (outcome.kind === 'accepted') return this.#admit(provider, outcome.identity, asked)
    const { exchange, at, refusals } = asked
    const refused =
      outcome.kind === 'rejected' ? { requestId: exchange.id, reason: outcome.reason } : undefined
    this.#note(provider, outcome.kind, refused)
    const tokenRejected =
      refusals.tokenRejected || (outcome.kind === 'rejected' && provider.scheme === 'Bearer')
    const isUnavailable = refusals.isUnavailable || outcome.kind === 'unavailable'
    return this.#ask({ exchange, at: at + 1, refusals: { tokenRejected, isUnavailable } })
  }

  #refusal({ tokenRejected, isUnavailable }: Refusals): Error {
    return isUnavailable ? undecidable() : unauthenticated(this.#providers, tokenRejected)
  }

  // Asked for each request: what a token was good for on one route says nothing about another.
  #admit(provider: Provider, { consumer, headers }: Identity, { exchange, at }: Asked): void {
    // Set for a refused one too: the access log should say who was refused.
    exchange.consumer = consumer
    const isAllowed = meets(consumer, this.#requirements)
    this.#note(provider, isAllowed ? 'accepted' : 'forbidden')
    if (!isAllowed) throw forbidden(provider, this.#requirements)
    const { request } = exchange
    request.headers.removeAll(this.#identityNames)
    // Made safe once for all requests of the identity (identity-headers.ts).
    for (const text of headers) request.headers.pairs.push(text)
    for (const place of this.#removals[at]!) removeCredential(request, place)
  }
}

/** Only a credential that was verified may reach the service, and only where its provider wants that. */
function removalsFor(accepted: Provider, providers: readonly Provider[]): readonly Place[] {
  const kept = accepted.forwards ? accepted.places : []
  const places = providers.flatMap((provider) => provider.places)
  return places.filter((place) => !kept.some((other) => samePlace(place, other)))
}
