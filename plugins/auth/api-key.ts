// Identifies callers by a static key, of which only the SHA-256 digest is kept.
import { hash, timingSafeEqual } from 'node:crypto'
import type { Consumer, Exchange } from '../../src/plugin.ts'
import { AMBIGUOUS, findCredential, type Place } from './credentials.ts'
import { consumerHeaders } from './identity-headers.ts'
import { ABSENT, type Identity, type Outcome, type Provider, rejected } from './provider.ts'

/** A consumer as declared, its keys as hex digests. */
export interface KeyHolder {
  readonly tier?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly apiKey?: readonly string[] | undefined
}

interface Entry {
  readonly digest: Buffer
  readonly outcome: Outcome
}

const MAX_KEY_LENGTH = 512
const UNKNOWN = rejected('unknown key')
// Compared with when the digest is not known, so that both ways do the same work.
const NOBODY: Entry = { digest: Buffer.alloc(32), outcome: UNKNOWN }

export class ApiKeyProvider implements Provider {
  readonly scheme = 'ApiKey'
  // A static key that a service sees is a key that a service can lose.
  readonly forwards = false
  readonly headerNames: readonly string[] = []
  readonly name: string
  readonly places: readonly Place[]
  readonly #entries = new Map<string, Entry>()

  constructor(name: string, places: readonly Place[], holders: Readonly<Record<string, KeyHolder>>) {
    this.name = name
    this.places = places
    for (const [id, holder] of Object.entries(holders)) this.#add(id, holder)
  }

  authenticate(exchange: Exchange): Outcome {
    const key = findCredential(exchange, this.places)
    if (key === undefined) return ABSENT
    if (key === AMBIGUOUS) return rejected('several credentials')
    return key.length > MAX_KEY_LENGTH ? rejected('too long') : this.#find(key)
  }

  // Looking up by digest tells an observer nothing about the key: whoever could steer the digest would have to
  // invert SHA-256 first.
  #find(key: string): Outcome {
    const hex = digestOf(key)
    const entry = this.#entries.get(hex) ?? NOBODY
    return timingSafeEqual(Buffer.from(hex, 'hex'), entry.digest) ? entry.outcome : UNKNOWN
  }

  #add(id: string, { tier, scopes = [], apiKey = [] }: KeyHolder): void {
    const consumer: Consumer = Object.freeze({ id, tier, scopes, claims: {} })
    const identity: Identity = { consumer, headers: consumerHeaders(consumer) }
    const outcome: Outcome = { kind: 'accepted', identity }
    for (const hex of apiKey) this.#entries.set(hex, { digest: Buffer.from(hex, 'hex'), outcome })
  }
}

/** SHA-256 in hex: how a key is written in a configuration that must not hold it in clear. */
export function digestOf(key: string): string {
  return hash('sha256', key, 'hex')
}
