// Which certificate is shown to whom: by the name that a client asks for, exact before wildcard, else the first.
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'

/** In PEM. */
export interface TlsSettings {
  readonly certificates: readonly { readonly cert: Buffer; readonly key: Buffer }[]
  readonly minVersion: '1.2' | '1.3'
  /** Who may issue certificates of clients. */
  readonly clientCertificates?: { readonly ca: Buffer; readonly required: boolean } | undefined
}

/** Who may resume what. */
export interface TlsSessions {
  /** A session is resumed where this is what it began with. */
  readonly sessionIdContext: string
  /** Each context has its own without them. */
  readonly ticketKeys?: Buffer
}

export class TlsContexts {
  /** How every handshake begins, and goes on where no other certificate is for the name. */
  readonly base: SecureContextOptions
  readonly #byName = new Map<string, SecureContext>()

  /** Throws on a certificate or key that is none. */
  constructor(settings: TlsSettings, sessions: TlsSessions) {
    const [first, ...others] = settings.certificates.map((pair) => ({
      ...optionsOf(pair, settings),
      ...sessions,
    }))
    this.base = first!
    for (const name of namesOf(first!)) this.#byName.set(name, createSecureContext(first))
    for (const options of others) {
      const context = createSecureContext(options)
      for (const name of namesOf(options)) if (!this.#byName.has(name)) this.#byName.set(name, context)
    }
  }

  /** Undefined: the first certificate is as good as any. Never throws, whatever the name is (CVE-2026-21637). */
  find(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase()
    return this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf('.'))}`)
  }

  /** As a server does with its own context: OpenSSL takes those of the name's when a hello had to be sent twice. */
  useTicketKeys(keys: Buffer): void {
    for (const { context } of this.#byName.values()) context.setTicketKeys(keys)
  }
}

function optionsOf(
  { cert, key }: TlsSettings['certificates'][number],
  { minVersion, clientCertificates }: TlsSettings,
): SecureContextOptions {
  return {
    cert,
    key,
    minVersion: `TLSv${minVersion}`,
    ...(clientCertificates ? { ca: clientCertificates.ca } : {}),
  }
}

/** Of the certificate's subject alternative names the host names; what else is in there is never asked for by name. */
function namesOf({ cert }: SecureContextOptions): readonly string[] {
  const { subjectAltName = '' } = new X509Certificate(cert as Buffer)
  return [...subjectAltName.matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name]) => name!.toLowerCase())
}
