// What a TLS session belongs to: one listener and its settings. Where anything differs, nothing is resumed.
import { createHash } from 'node:crypto'
import type { TlsSettings } from './tls-contexts.ts'

/** OpenSSL takes no longer ones. */
const BYTES = 32

/** The same in all workers. A key is not part of it: it is that of its certificate. */
export function sessionContextOf(listener: string, settings: TlsSettings): string {
  const { certificates, minVersion, clientCertificates: clients } = settings
  const parts = [
    listener,
    minVersion,
    clients ? `required: ${clients.required}` : '',
    clients?.ca ?? '',
    ...certificates.map(({ cert }) => cert),
  ]
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('base64url').slice(0, BYTES)
}
