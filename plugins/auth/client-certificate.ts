// Identifies callers by the certificate that they showed in the TLS handshake; the listener has checked its issuer.
import type { ClientCertificate, Consumer, Exchange } from '../../src/plugin.ts'
import { consumerHeaders } from './identity-headers.ts'
import { ABSENT, type Outcome, type Provider, rejected } from './provider.ts'
import type { ClientCertificateSettings } from './provider-settings.ts'

/** A consumer as declared. */
export interface CertificateHolder {
  readonly tier?: string | undefined
  readonly scopes?: readonly string[] | undefined
}

export type CertificateHolders = Readonly<Record<string, CertificateHolder>>

export class ClientCertificateProvider implements Provider {
  readonly scheme = 'Certificate'
  // What the service is told of the certificate is the edge's to say.
  readonly forwards = true
  readonly places = []
  readonly headerNames = []
  readonly name: string
  readonly #settings: ClientCertificateSettings
  readonly #holders: CertificateHolders
  // One object for all requests of a connection.
  readonly #known = new WeakMap<ClientCertificate, Outcome>()

  constructor(name: string, settings: ClientCertificateSettings, holders: CertificateHolders) {
    this.name = name
    this.#settings = settings
    this.#holders = holders
  }

  authenticate({ clientCertificate }: Exchange): Outcome {
    if (clientCertificate === undefined) return ABSENT
    let outcome = this.#known.get(clientCertificate)
    if (outcome === undefined) {
      outcome = this.#recognise(clientCertificate)
      this.#known.set(clientCertificate, outcome)
    }
    return outcome
  }

  #recognise(certificate: ClientCertificate): Outcome {
    const [id, another] = namesOf(certificate, this.#settings.consumer)
    if (id === undefined) return rejected('no consumer')
    // Which of them is meant would be the issuer's to say, and it has not.
    if (another !== undefined) return rejected('several credentials')
    const holder = Object.hasOwn(this.#holders, id) ? this.#holders[id] : undefined
    if (holder === undefined && this.#settings.declaredOnly) return rejected('unknown key')
    const consumer: Consumer = Object.freeze({
      id,
      tier: holder?.tier,
      scopes: holder?.scopes ?? [],
      claims: {},
    })
    return { kind: 'accepted', identity: { consumer, headers: consumerHeaders(consumer) } }
  }
}

function namesOf(
  { subject, fingerprint, uris, dnsNames }: ClientCertificate,
  kind: ClientCertificateSettings['consumer'],
): readonly string[] {
  const names = { uri: uris, dns: dnsNames, subject: [subject], fingerprint: [fingerprint] }
  return names[kind]
}
