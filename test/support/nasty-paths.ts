// Paths that servers read in many ways, and the ways: what stands between a gateway's opinion and a service's.
import { canonicalPath, hasEncodedSlash } from '../../src/edge/canonical-path.ts'
import { fc } from './property.ts'

const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '.',
    '..',
    '\\',
    ';',
    '?',
    '#',
    '%',
    'x',
    'admin',
    'public',
    '\u00e9',
    '\u2025',
    '\uff0f',
    '\0',
  ],
  ...['%2e', '%2E', '%2f', '%2F', '%5c', '%25', '%00', '%0a', '%20', '%3b', '%3f', '%23', '%61', '%c0%ae'],
  ...['%252e', '%252f', '%255c', '%2561', '%25', '2e', '2f', '61', '69', '5c', 'adm', 'in', '%69', ';x=1'],
)
const piled = fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`)

/** Ways to the protected place, each character spelled in any of the ways that some server undoes. */
const WAYS = [
  '/admin',
  '/admin;x',
  '/public/../admin',
  '/public/..;/admin',
  '/./admin',
  '//admin',
  '/x\\..\\admin',
]
const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(2, '0')
const overlong = (character: string, lead: string) => {
  const code = character.charCodeAt(0)
  return [0xc0 | (code >> 6), 0x80 | (code & 0x3f)].map((byte) => lead + byte.toString(16)).join('')
}
const spelling = fc.constantFrom(
  (character: string) => character,
  (character: string) => character,
  (character: string) => `%${hex(character)}`,
  (character: string) => overlong(character, '%'),
  (character: string) => overlong(character, '%25'),
  (character: string) => `%25${hex(character)}`,
  (character: string) => `%2525${hex(character)}`,
  (character: string) => `%25${hex(character).toUpperCase()}`,
  (character: string) => `%%3${hex(character)[0]}${hex(character)[1]}`,
)
const spelled = fc
  .tuple(fc.constantFrom(...WAYS), fc.array(spelling, { minLength: 20, maxLength: 20 }))
  .map(([way, spell]) => `/${[...way.slice(1)].map((character, at) => spell[at % 20]!(character)).join('')}`)

/** Mostly paths that might pass: the canonical spelling of a path starts with one slash. */
export const nastyPath = fc.oneof(piled, spelled)

export function unescapeOnce(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

const DECODERS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'decoded once': unescapeOnce,
  'decoded twice': (path) => unescapeOnce(unescapeOnce(path)),
  'decoded from lax UTF-8': (path) =>
    unescapeOnce(path).replace(/[\xc0\xc1][\x80-\xbf]/g, (pair) =>
      String.fromCharCode(((pair.charCodeAt(0) & 1) << 6) | (pair.charCodeAt(1) & 0x3f)),
    ),
  'backslashes turned': (path) => path.replaceAll('\\', '/'),
  'slashes merged': (path) => path.replace(/\/+/g, '/'),
  'cut at NUL': (path) => path.split('\0')[0]!,
  'cut at query and fragment': (path) => path.split(/[?#]/)[0]!,
  'parameters stripped': (path) => path.replace(/;[^/]*/g, ''),
}

/** As a server does before it looks a file or a handler up. */
export function resolveDots(path: string): string[] {
  const segments: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') segments.pop()
    else if (segment !== '.') segments.push(segment)
  }
  return segments
}

/** The canonical path; undefined when every route that says nothing of slashes refuses it. */
export function accepted(path: string): string | undefined {
  const canonical = acceptedWithSlashes(path)
  return canonical === undefined || hasEncodedSlash(canonical) ? undefined : canonical
}

/** The canonical path; undefined when every route refuses it. */
export function acceptedWithSlashes(path: string): string | undefined {
  try {
    return canonicalPath(path)
  } catch {
    return undefined
  }
}

/** Every pair of decoders, one after the other: proxies behind the gateway come in rows. */
export const DECODER_PAIRS = Object.entries(DECODERS).flatMap(([one, first]) =>
  Object.entries(DECODERS).map(([two, second]) => ({
    name: `${one}, ${two}`,
    decode: (path: string) => second(first(path)),
  })),
)
