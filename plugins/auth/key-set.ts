// The keys in force for one provider, found by algorithm and key id.
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { type Algorithm, algorithmsFor, SECRET_ALGORITHMS } from './algorithms.ts'

export interface VerificationKey {
  readonly id: string | undefined
  readonly key: KeyObject
  readonly algorithms: readonly Algorithm[]
}

/** Gives the keys in force; the source decides where they come from and when they change. */
export interface KeySource {
  /** At once, without waiting; undefined while there are none. The same object while nothing has changed. */
  current(): KeySet | undefined
  /** Looks for newer keys and gives what is then in force. Undefined: not now, an attempt was made just before. */
  refresh(): Promise<KeySet | undefined> | undefined
}

// Several keys fit only when a token names no key, or an issuer gives one id to two keys.
const MAX_CANDIDATES = 4

export class KeySet {
  readonly #keys: readonly VerificationKey[]
  readonly #anyId: boolean

  constructor(keys: readonly VerificationKey[], options: { readonly anyId: boolean } = { anyId: false }) {
    this.#keys = keys
    this.#anyId = options.anyId
  }

  /** The keys that may have signed a token with this algorithm and key id. */
  candidates(algorithm: Algorithm, id: string | undefined): readonly VerificationKey[] {
    const fits = (key: VerificationKey): boolean =>
      key.algorithms.includes(algorithm) && (this.#anyId || id === undefined || key.id === id)
    return this.#keys.filter(fits).slice(0, MAX_CANDIDATES)
  }
}

export function anyIdSet(key: VerificationKey): KeySet {
  return new KeySet([key], { anyId: true })
}

/** A source of one configured key, which serves whatever key id a token names. */
export function fixedKey(key: VerificationKey): KeySource {
  const keys = anyIdSet(key)
  return { current: () => keys, refresh: () => undefined }
}

export function secretKey(secret: string): VerificationKey {
  return { id: undefined, key: createSecretKey(Buffer.from(secret)), algorithms: SECRET_ALGORITHMS }
}

/** Throws an Error that says what is wrong with the PEM text. */
export function publicKey(pem: string): VerificationKey {
  if (pem.includes('PRIVATE KEY')) throw new Error('this is a private key; give the public one')
  const key = parsePem(pem)
  const algorithms = algorithmsFor(key)
  if (algorithms.length === 0)
    throw new Error('the key must be RSA of 2048 to 8192 bits, or EC P-256, P-384 or P-521')
  return { id: undefined, key, algorithms }
}

function parsePem(pem: string): KeyObject {
  try {
    return createPublicKey({ key: pem, format: 'pem' })
  } catch (cause) {
    throw new Error('not a public key in PEM form (-----BEGIN PUBLIC KEY-----)', { cause })
  }
}
