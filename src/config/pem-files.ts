// Certificates and keys in PEM files: what would only fail when the first connection is made is a fault of the config.
import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Path } from './fault.ts'
import type { LoadState } from './load-state.ts'
import { MAX_FILE_BYTES, readFileOf, unreadable } from './read-text.ts'

export interface Pem {
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
}

type PemFiles = Readonly<Record<keyof Pem, string | undefined>>

export interface ReadPem extends Pem {
  /** Of all three. */
  readonly digest: string
}

/** What the files hold; each fault stands at `path` and the name of the file. The files are watched from now on. */
export function readPemFiles(files: PemFiles, path: Path, state: LoadState): ReadPem {
  const ca = readPem([...path, 'ca'], files.ca, state)
  const cert = readPem([...path, 'cert'], files.cert, state)
  const key = readPem([...path, 'key'], files.key, state)
  if (ca) tryPem([...path, 'ca'], { ca }, state)
  const usable =
    (!cert || tryPem([...path, 'cert'], { cert }, state)) &&
    (!key || tryPem([...path, 'key'], { key }, state))
  if (usable && cert && key) tryPem([...path, 'key'], { cert, key }, state)
  const digest = digestOf([ca, cert, key])
  // A renewed certificate is another configuration, though not a word of it has changed.
  state.contents[path.join('.')] = digest
  return { ca, cert, key, digest }
}

function readPem(path: Path, file: string | undefined, state: LoadState): Buffer | undefined {
  if (file === undefined) return undefined
  state.files.add(file)
  try {
    return state.copies.pem(file) ?? state.copies.keepPem(file, readFileOf(file, MAX_FILE_BYTES))
  } catch (error) {
    state.list.add({ path, message: `${file} ${unreadable(error)}` })
    return undefined
  }
}

function tryPem(path: Path, pem: Pem, { list }: LoadState): boolean {
  try {
    // A secure context takes authorities that are none, or not in PEM, and trusts nobody then.
    if (pem.ca) new X509Certificate(pem.ca.toString('latin1'))
    else createSecureContext(pem)
    return true
  } catch {
    const what = pem.key ? 'key without a passphrase' : 'certificate'
    const message = pem.cert && pem.key ? 'does not belong to "cert"' : `the file holds no ${what}`
    list.add({ path, message, hint: pem.cert && pem.key ? undefined : 'write one in PEM' })
    return false
  }
}

function digestOf(parts: readonly (Buffer | undefined)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part?.length ?? 0}:`).update(part ?? '')
  return hash.digest('hex')
}
