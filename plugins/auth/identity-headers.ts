// What the service is told about the consumer, as header values that can carry nothing but themselves.
import type { Consumer } from '../../src/plugin.ts'

/** Set or removed on every request that this plugin lets through. In lower case. */
export const CONSUMER_HEADERS = ['x-consumer-id', 'x-consumer-tier', 'x-auth-scopes'] as const

// `%` is left out, so that decoding gives back the very text.
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/

/** Flat name, value pairs; what the consumer does not have is left out. */
export function consumerHeaders(consumer: Consumer): string[] {
  const pairs = ['X-Consumer-Id', fieldValue(consumer.id)]
  if (consumer.tier !== undefined) pairs.push('X-Consumer-Tier', fieldValue(consumer.tier))
  if (consumer.scopes.length > 0) pairs.push('X-Auth-Scopes', consumer.scopes.join(' '))
  return pairs
}

/** `{ 'X-User-Email': 'email' }` and the claims -> flat name, value pairs. */
export function claimHeaders(
  headers: Readonly<Record<string, string>>,
  claims: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(headers).flatMap(([name, claim]) => {
    const value = Object.hasOwn(claims, claim) ? claimValue(claims[claim]) : ''
    return value === '' ? [] : [name, value]
  })
}

/**
 * Visible ASCII as it is; everything else, `%` and outer spaces as percent-encoded UTF-8. CR, LF and NUL would end
 * the header, raw UTF-8 is read as Latin-1 by many services, outer spaces are dropped by all.
 */
export function fieldValue(text: string, alsoEncoded = ''): string {
  const isPlain = PLAIN.test(text) && text === text.trim()
  if (isPlain && (alsoEncoded === '' || !text.includes(alsoEncoded))) return text
  return [...text]
    .map((character, at, all) => {
      const isOuterSpace = character === ' ' && (at === 0 || at === all.length - 1)
      const isSafe = PLAIN.test(character) && !isOuterSpace && character !== alsoEncoded
      return isSafe ? character : percentEncoded(character)
    })
    .join('')
}

function claimValue(claim: unknown): string {
  if (!Array.isArray(claim)) return textOf(claim) === undefined ? '' : fieldValue(textOf(claim)!)
  const texts = claim.map(textOf).filter((text) => text !== undefined)
  // A comma inside a value must not look like the next value.
  return texts.map((text) => fieldValue(text, ',')).join(',')
}

/** Objects have no one spelling as a header and are left out. */
function textOf(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined
}

function percentEncoded(character: string): string {
  const bytes = [...Buffer.from(character)]
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
