// What a way to identify callers promises the auth plugin, and the words in which it says no.
import type { Consumer, Exchange } from '../../src/plugin.ts'
import type { Place } from './credentials.ts'

/** Why credentials were refused: for the debug log only, the client sees the same answer for each. */
export type Reason =
  | 'several credentials'
  | 'unknown key'
  | 'too long'
  | 'not three segments'
  | 'not canonical base64url'
  | 'not a JSON object'
  | 'algorithm not allowed'
  | 'critical header parameter'
  | 'token type not allowed'
  | 'key id not acceptable'
  | 'wrong issuer'
  | 'wrong audience'
  | 'time claim not acceptable'
  | 'no expiry'
  | 'expired'
  | 'not yet valid'
  | 'issued in the future'
  | 'no consumer'
  | 'wrong signature'

/** Who was recognised, and what the service is told about it. */
export interface Identity {
  readonly consumer: Consumer
  /** Flat name, value pairs; each value is safe to send. */
  readonly headers: readonly string[]
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly identity: Identity }
  | { readonly kind: 'absent' }
  | { readonly kind: 'rejected'; readonly reason: Reason }
  /** The keys to decide with cannot be had: neither yes nor no. */
  | { readonly kind: 'unavailable' }

export const ABSENT: Outcome = { kind: 'absent' }
export const UNAVAILABLE: Outcome = { kind: 'unavailable' }

export function rejected(reason: Reason): Outcome {
  return { kind: 'rejected', reason }
}

/** One way to identify callers, shared by every route that uses it. */
export interface Provider {
  readonly name: string
  /** The scheme of its challenge in `WWW-Authenticate`. */
  readonly scheme: 'Bearer' | 'ApiKey' | 'Certificate'
  /** Where its credentials may stand in a request. */
  readonly places: readonly Place[]
  /** Whether an accepted credential goes on to the service. */
  readonly forwards: boolean
  /** Header names that only this provider may fill, in lower case. */
  readonly headerNames: readonly string[]
  /** Answers at once, unless keys must be fetched first. Never throws. */
  authenticate(exchange: Exchange): Outcome | Promise<Outcome>
}
