// Where the keys of a `jwt` provider come from, and what can be wrong with the choice before any token is seen.
import { isForbiddenHost } from '../../src/plugin.ts'
import {
  ALGORITHMS,
  type Algorithm,
  DEFAULT_PUBLIC,
  DEFAULT_SECRET,
  PUBLIC_ALGORITHMS,
} from './algorithms.ts'
import { publicKey, type VerificationKey } from './key-set.ts'

/** The fields that decide about keys; at most one of the first five is set. */
export interface KeySettings {
  readonly secret?: string | undefined
  readonly publicKey?: string | undefined
  readonly publicKeyFile?: string | undefined
  readonly jwksFile?: string | undefined
  readonly jwksUrl?: string | undefined
  readonly algorithms?: readonly Algorithm[] | undefined
  readonly issuer: readonly string[]
}

export interface KeyFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

const SOURCES = ['secret', 'publicKey', 'publicKeyFile', 'jwksFile', 'jwksUrl'] as const

export function keyFaults(settings: KeySettings): KeyFault[] {
  const [first, ...others] = SOURCES.filter((name) => settings[name] !== undefined)
  const twice = others.map((name) =>
    fault(name, `keys come from one place only, and "${first}" is given already`),
  )
  return [...twice, ...algorithmFaults(settings), ...materialFaults(settings)]
}

export function algorithmsOf({ algorithms, secret }: KeySettings): readonly Algorithm[] {
  return algorithms ?? (secret === undefined ? DEFAULT_PUBLIC : DEFAULT_SECRET)
}

/** The address that is written, or the one that the issuer implies. */
export function jwksUrlOf({ jwksUrl, issuer }: KeySettings): string {
  return jwksUrl ?? `${issuer[0]!.replace(/\/$/, '')}/.well-known/jwks.json`
}

/** Throws an Error that says what is wrong when none of the algorithms is one that the key can verify. */
export function fittingKey(pem: string, algorithms: readonly Algorithm[]): VerificationKey {
  const key = publicKey(pem)
  if (key.algorithms.some((algorithm) => algorithms.includes(algorithm))) return key
  throw new Error(`this key verifies ${key.algorithms.join(', ')}, but "algorithms" allows none of them`)
}

function fault(name: string, message: string): KeyFault {
  return { path: [name], message }
}

// An HMAC algorithm beside a public key would take that key, which everybody has, for the secret.
function algorithmFaults(settings: KeySettings): KeyFault[] {
  const { secret, algorithms = [] } = settings
  const isMistaken = (name: Algorithm): boolean => name.startsWith('HS') !== (secret !== undefined)
  const wanted = secret === undefined ? PUBLIC_ALGORITHMS : ALGORITHMS.filter((name) => name.startsWith('HS'))
  return algorithms.flatMap((name, at) =>
    isMistaken(name)
      ? [
          {
            path: ['algorithms', at],
            message: `${name} does not go with ${kindOf(settings)}; use ${wanted.join(', ')}`,
          },
        ]
      : [],
  )
}

function kindOf({ secret }: KeySettings): string {
  return secret === undefined ? 'public keys' : 'a secret'
}

function materialFaults(settings: KeySettings): KeyFault[] {
  if (settings.secret !== undefined) return secretFaults(settings.secret, algorithmsOf(settings))
  if (settings.publicKey !== undefined) return pemFaults(settings.publicKey, algorithmsOf(settings))
  if (settings.publicKeyFile !== undefined || settings.jwksFile !== undefined) return []
  if (settings.jwksUrl !== undefined) return urlFaults('jwksUrl', settings.jwksUrl)
  if (settings.issuer.length > 1)
    return [fault('issuer', 'several issuers: say where the keys are, with "jwksUrl"')]
  return urlFaults('issuer', jwksUrlOf(settings))
}

// RFC 7518 section 3.2: a shorter secret than the hash can be searched for offline, with any token at hand.
function secretFaults(secret: string, algorithms: readonly Algorithm[]): KeyFault[] {
  const needed = Math.max(...algorithms.map((name) => Number(name.slice(2)) / 8))
  const bytes = Buffer.byteLength(secret)
  if (bytes >= needed) return []
  return [
    fault('secret', `${bytes} bytes are too few for ${algorithms.join(', ')}: at least ${needed}, at random`),
  ]
}

function pemFaults(pem: string, algorithms: readonly Algorithm[]): KeyFault[] {
  try {
    fittingKey(pem, algorithms)
    return []
  } catch (failure) {
    return [fault('publicKey', (failure as Error).message)]
  }
}

function urlFaults(field: string, text: string): KeyFault[] {
  const hint = field === 'issuer' ? 'the keys would be fetched from the issuer; else say "jwksUrl": ' : ''
  if (!URL.canParse(text))
    return [fault(field, `${hint}not an address like https://id.example.com/jwks.json`)]
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    return [fault(field, `${hint}the address must have no user, password or fragment`)]
  }
  if (isForbiddenHost(url.hostname)) {
    return [fault(field, `${hint}link-local and cloud metadata addresses are refused`)]
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return []
  return [
    fault(field, `${hint}must be https (http only for localhost): who can change the keys can be anybody`),
  ]
}

// The URL parser has already turned every other spelling of an IPv4 address into four decimal parts.
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
