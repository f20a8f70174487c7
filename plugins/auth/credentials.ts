// Where a credential may stand in a request: found without ambiguity, and removed before the request goes on.
import type { Exchange, UpstreamRequest } from '../../src/plugin.ts'

export type Place =
  /** A header; with `bearer` its value starts with that scheme, else it is the bare credential. */
  | { readonly kind: 'header'; readonly name: string; readonly bearer: boolean }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }

/** More than one credential: which of them counts would be a guess, and two readers could guess differently. */
export const AMBIGUOUS = Symbol('several credentials')

const BEARER = 'bearer'
const SPACE = 0x20

/** The one credential at these places, undefined when there is none. */
export function findCredential(
  exchange: Exchange,
  places: readonly Place[],
): string | undefined | typeof AMBIGUOUS {
  let found: string | undefined
  for (const place of places) {
    const values = valuesAt(exchange, place)
    if (values.length > 1 || (values.length === 1 && found !== undefined)) return AMBIGUOUS
    found ??= values[0]
  }
  return found
}

/** Takes the credential out of what will be sent to the service. */
export function removeCredential(request: UpstreamRequest, place: Place): void {
  if (place.kind === 'header') request.headers.remove(place.name)
  else if (place.kind === 'cookie') removeCookie(request, place.name)
  else removeParameter(request, place.name)
}

export function samePlace(one: Place, other: Place): boolean {
  return one.kind === other.kind && one.name === other.name
}

function valuesAt(exchange: Exchange, place: Place): readonly string[] {
  if (place.kind === 'cookie') return cookieValues(exchange.headers.all('cookie'), place.name)
  if (place.kind === 'query') return parameterValues(exchange.query, place.name)
  const values = exchange.headers.all(place.name)
  if (!place.bearer || values.length > 1) return values
  const [value] = values
  return value !== undefined && isBearer(value) ? [value.slice(BEARER.length + 1)] : []
}

// Not by a pattern: V8 keeps the last one that matched, which costs as much again.
function isBearer(value: string): boolean {
  const isWord = value.length === BEARER.length || value.charCodeAt(BEARER.length) === SPACE
  return isWord && value.slice(0, BEARER.length).toLowerCase() === BEARER
}

// RFC 9113 section 8.2.3: an HTTP/2 client may split its cookies over several fields.
function cookieValues(fields: readonly string[], name: string): string[] {
  return fields
    .flatMap((field) => field.split(';'))
    .filter((pair) => cookieName(pair) === name)
    .map((pair) => pair.slice(pair.indexOf('=') + 1).trim())
}

function cookieName(pair: string): string {
  return pair.split('=', 1)[0]!.trim()
}

function removeCookie(request: UpstreamRequest, name: string): void {
  const pairs = request.headers.all('cookie').flatMap((field) => field.split(';'))
  const kept = pairs.filter((pair) => cookieName(pair) !== name).map((pair) => pair.trim())
  if (kept.length === pairs.length) return
  if (kept.length === 0) request.headers.remove('cookie')
  else request.headers.set('Cookie', kept.join('; '))
}

function parameterValues(query: string, name: string): string[] {
  if (query.length < 2) return []
  return query
    .slice(1)
    .split('&')
    .filter((part) => parameterName(part) === name)
    .map((part) => decode(part.includes('=') ? part.slice(part.indexOf('=') + 1) : ''))
}

/** The name as a service would decode it, so that `api%5Fkey` does not carry the key past the removal. */
function parameterName(part: string): string {
  return decode(part.split('=', 1)[0]!)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function removeParameter(request: UpstreamRequest, name: string): void {
  const at = request.path.indexOf('?')
  if (at < 0) return
  const parts = request.path.slice(at + 1).split('&')
  const kept = parts.filter((part) => parameterName(part) !== name)
  if (kept.length === parts.length) return
  request.path = request.path.slice(0, at) + (kept.length === 0 ? '' : `?${kept.join('&')}`)
}
