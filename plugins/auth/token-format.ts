// Takes a JWT apart without any cryptography, and refuses every form that has more than one reading.
import { Buffer } from 'node:buffer'
import type { Algorithm } from './algorithms.ts'
import { parseJsonObject } from './json-object.ts'
import type { Reason } from './provider.ts'

export const MAX_TOKEN_BYTES = 8 * 1024
export const MAX_KEY_ID_BYTES = 256

// RFC 8725 section 3.11: a logout or DPoP token of the same issuer is not an access token.
const TYPES: ReadonlySet<unknown> = new Set(['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'])

export interface ParsedToken {
  readonly algorithm: Algorithm
  readonly keyId: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
}

/** The token's parts, or why it is refused. `jwk`, `jku`, `x5u` and `x5c` are never looked at. */
export function parseToken(token: string, allowed: readonly Algorithm[]): ParsedToken | Reason {
  const segments = token.split('.', 4)
  if (segments.length !== 3) return 'not three segments'
  const [header, payload, signature] = segments.map(canonicalBytes)
  if (!header || !payload || !signature) return 'not canonical base64url'
  const fields = parseJsonObject(header)
  const claims = parseJsonObject(payload)
  if (!fields || !claims) return 'not a JSON object'
  return headerFault(fields, allowed) ?? parsed(fields, claims)
}

function parsed(fields: Readonly<Record<string, unknown>>, claims: ParsedToken['claims']): ParsedToken {
  return { algorithm: fields['alg'] as Algorithm, keyId: fields['kid'] as string | undefined, claims }
}

// Decoders forgive padding, the other alphabet, white space and stray last bits: one signature would have many
// spellings, each a new key for a cache or a deny list.
function canonicalBytes(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.length > 0 && bytes.toString('base64url') === segment ? bytes : undefined
}

function headerFault(
  fields: Readonly<Record<string, unknown>>,
  allowed: readonly Algorithm[],
): Reason | undefined {
  const { alg, typ, kid } = fields
  if (!allowed.some((algorithm) => algorithm === alg)) return 'algorithm not allowed'
  // RFC 7515 section 4.1.11: what is critical must be understood, and no extension is.
  if (Object.hasOwn(fields, 'crit')) return 'critical header parameter'
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.has(typ.toLowerCase()))) {
    return 'token type not allowed'
  }
  if (kid !== undefined && !(typeof kid === 'string' && Buffer.byteLength(kid) <= MAX_KEY_ID_BYTES)) {
    return 'key id not acceptable'
  }
  return undefined
}
