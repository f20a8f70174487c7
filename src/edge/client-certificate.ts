// The certificate that a client has shown, as facts and as one header field for services.
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../exchange.ts'

/** Undefined when none was shown, or none that an authority of the listener has issued. */
export function readClientCertificate(socket: TLSSocket): ClientCertificate | undefined {
  const shown = socket.authorized ? socket.getPeerX509Certificate() : undefined
  if (!shown) return undefined
  const names = namesOf(shown.subjectAltName ?? '')
  return {
    subject: shown.subject.split('\n').join(', '),
    fingerprint: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
    uris: names.get('URI') ?? [],
    dnsNames: names.get('DNS') ?? [],
  }
}

/** Node writes `DNS:a.test, URI:spiffe://x`; a name with something odd in it is written as a JSON string. */
function namesOf(subjectAltName: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const [, kind, quoted, plain] of subjectAltName.matchAll(
    /(\w+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    const name = quoted === undefined ? plain! : String(JSON.parse(quoted))
    names.set(kind!, [...(names.get(kind!) ?? []), name])
  }
  return names
}

/** Nobody else may say this: the edge takes it out of what comes from outside. */
export const CERTIFICATE_FIELD = 'X-Turnpike-Client-Cert'

/** `Hash=...;Subject="...";URI="...";DNS="..."`, safe to be sent whatever the authority has let into the certificate. */
export function certificateField({ fingerprint, subject, uris, dnsNames }: ClientCertificate): string {
  const parts = [
    `Hash=${fingerprint}`,
    `Subject=${quote(subject)}`,
    ...uris.map((uri) => `URI=${quote(uri)}`),
    ...dnsNames.map((name) => `DNS=${quote(name)}`),
  ]
  return parts.join(';')
}

function quote(text: string): string {
  const safe = text.toWellFormed().replace(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character))
  return `"${safe.replace(/["\\]/g, (character) => `\\${character}`)}"`
}
