// The certificates of services: what would only fail when the first connection is made is a fault of the config.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ServiceConfiguration, TlsConfiguration } from './configuration.ts'
import type { Path } from './fault.ts'
import type { LoadState } from './load-state.ts'
import { unreadable } from './read-text.ts'

export function checkTls(services: ReadonlyMap<string, ServiceConfiguration>, state: LoadState): void {
  for (const service of services.values()) {
    if (!service.tls) continue
    const path: Path = ['services', service.name, 'tls']
    if (isUnused(service)) {
      const message = 'has no effect: no target is https://'
      state.list.add({ path, message, hint: 'write https:// targets, or remove it', atKey: true })
    }
    checkPair(service.tls, path, state)
    checkFiles(service.tls, path, state)
  }
}

function isUnused({ targets, canary }: ServiceConfiguration): boolean {
  const all = [...targets, ...(canary?.targets ?? [])]
  return all.length > 0 && all.every(({ url }) => !url.startsWith('https:'))
}

function checkPair({ certFile, keyFile }: TlsConfiguration, path: Path, { list }: LoadState): void {
  if ((certFile === undefined) === (keyFile === undefined)) return
  const [has, needs] = certFile === undefined ? ['key', 'cert'] : ['cert', 'key']
  list.add({ path: [...path, has], message: `needs "${needs}" beside it`, atKey: true })
}

function checkFiles({ caFile, certFile, keyFile }: TlsConfiguration, path: Path, state: LoadState): void {
  const ca = readPem([...path, 'ca'], caFile, state)
  const cert = readPem([...path, 'cert'], certFile, state)
  const key = readPem([...path, 'key'], keyFile, state)
  if (ca) tryPem([...path, 'ca'], { ca }, state)
  if (cert && !tryPem([...path, 'cert'], { cert }, state)) return
  if (key && !tryPem([...path, 'key'], { key }, state)) return
  if (cert && key) tryPem([...path, 'key'], { cert, key }, state)
}

function readPem(path: Path, file: string | undefined, state: LoadState): Buffer | undefined {
  if (file === undefined) return undefined
  state.files.add(file)
  try {
    return readFileSync(file)
  } catch (error) {
    state.list.add({ path, message: `${file} ${unreadable(error)}` })
    return undefined
  }
}

interface Pem {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
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
