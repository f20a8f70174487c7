// `listeners`: where clients connect beside the plain `listen`, one shape for each protocol.
import { z } from 'zod'
import { address } from './address-field.ts'
import { NAME } from './names.ts'
import { isMap } from './places.ts'
import { passthroughKeys, tcpKeys } from './tcp-listener-schema.ts'

const name = z.string().regex(NAME, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not a name: up to 64 letters, digits, "-" and "_", the first a letter or digit`,
})

const fileName = z.string().min(1)

const keyPair = z.strictObject({
  cert: fileName.describe('File of the certificate with its chain, in PEM.'),
  key: fileName.describe('File of its key, in PEM, without a passphrase.'),
})

/** A handshake looks names up in a map; the bound is for the files that are read at each reload. */
const MAX_CERTIFICATES = 1000

const clientCertificates = z.strictObject({
  ca: fileName.describe('File of the certificates that issue those of clients, in PEM.'),
  required: z
    .boolean()
    .default(true)
    .describe('`false` also lets in clients that show none; one that is not trusted never gets in.'),
})

export const listenerTls = z.strictObject({
  certificates: z
    .union([keyPair.transform((one) => [one]), z.array(keyPair).min(1).max(MAX_CERTIFICATES)])
    .describe('`cert` and `key`, or a list of them: picked by the name asked for, else the first.'),
  minVersion: z.enum(['1.2', '1.3']).default('1.2').describe('The oldest version of TLS.'),
  clientCertificates: clientCertificates.optional().describe('Asks clients for a certificate.'),
})

/** Keys of every listener. */
const everyListener = {
  address: address.describe('Where it listens: `:8443`, `127.0.0.1:8443`.'),
  proxyProtocol: z
    .boolean()
    .default(false)
    .describe('Connections begin with a PROXY protocol header; only `trustProxy` networks may connect.'),
}

const PROTOCOL =
  '`http`: HTTP/1.1; `h2c`: HTTP/2 with prior knowledge, and HTTP/1.1; `https`: both over TLS; `tcp`: bytes; `tlsPassthrough`: TLS as it is. Left out: `https` where there is `tls`, else `http`.'

// The default speaks to the JSON Schema alone: what is left out is filled in before the protocol is looked at.
const protocol = <P extends 'http' | 'https'>(word: P) =>
  z
    .literal(word)
    .default(word as never)
    .describe(PROTOCOL)

/** By protocol. */
const listenerShapes = {
  http: { protocol: protocol('http'), ...everyListener },
  h2c: { protocol: z.literal('h2c').describe(PROTOCOL), ...everyListener },
  https: {
    protocol: protocol('https'),
    ...everyListener,
    tls: listenerTls.describe('Certificates, versions, and what clients must show.'),
    http2: z.boolean().default(true).describe('`false` offers HTTP/1.1 alone.'),
  },
  tcp: { protocol: z.literal('tcp').describe(PROTOCOL), ...everyListener, ...tcpKeys },
  tlsPassthrough: {
    protocol: z.literal('tlsPassthrough').describe(PROTOCOL),
    ...everyListener,
    ...passthroughKeys,
  },
} as const

export const listener = z.discriminatedUnion('protocol', [
  z.strictObject(listenerShapes.http),
  z.strictObject(listenerShapes.h2c),
  z.strictObject(listenerShapes.https),
  z.strictObject(listenerShapes.tcp),
  z.strictObject(listenerShapes.tlsPassthrough),
])

export const listeners = z.record(name, z.preprocess(withProtocol, listener))

function withProtocol(written: unknown): unknown {
  if (!isMap(written) || 'protocol' in written) return written
  return { ...written, protocol: 'tls' in written ? 'https' : 'http' }
}
