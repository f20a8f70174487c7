// The ways to identify a caller, as they are written under `auth` at the root of the config.
import { z } from 'zod'
import { duration, isFieldName } from '../../src/plugin.ts'
import { ALGORITHMS } from './algorithms.ts'
import { CONSUMER_HEADERS } from './identity-headers.ts'
import { keyFaults } from './key-settings.ts'

const MAX_SKEW_MS = 600_000

// Names that frame or route the request: neither a credential nor a claim may stand there.
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
])

const text = z.string().min(1)
const claim = text.max(256)

const texts = z
  .union([text, z.array(text).min(1).max(50)], { error: 'must be a text or a list of texts' })
  .transform((value) => (typeof value === 'string' ? [value] : value))

const credentialHeader = z
  .string()
  .refine((name) => isFieldName(name) && !RESERVED.has(name.toLowerCase()), {
    error: (issue) => `${JSON.stringify(issue.input)} is not a header that may carry credentials`,
  })
  .transform((name) => name.toLowerCase())

const claimsToHeaders = z.record(z.string(), claim).superRefine((headers, refinement) => {
  for (const name of Object.keys(headers).filter((header) => !mayCarryClaim(header))) {
    const message = `${JSON.stringify(name)} is not a header that may carry a claim`
    refinement.addIssue({ code: 'custom', path: [name], message })
  }
})

const cookieName = z.string().refine(isFieldName, { error: 'not a cookie name' })

/** `type: jwt`. */
export const jwtSettings = z
  .strictObject({
    type: z
      .literal('jwt')
      .describe('A signed JSON Web Token, by default as `Authorization: Bearer <token>`.'),
    issuer: texts.describe('Who may have issued the token: its `iss`, to the letter. One or a list.'),
    audience: texts.describe(
      'Whom the token must be meant for: one of these is in its `aud`. One or a list.',
    ),
    secret: text
      .optional()
      .describe('The shared secret of HS algorithms, at least 32 bytes. Best a reference to a secret.'),
    publicKey: text.optional().describe('The public key that tokens are verified with, as PEM text.'),
    publicKeyFile: text
      .optional()
      .describe('The same in a file, relative to this one. Read again when its content changes.'),
    jwksFile: text
      .optional()
      .describe('A file with a JWK set, relative to this one. Read again when its content changes.'),
    jwksUrl: text
      .optional()
      .describe('The address of a JWK set, https. Without any key: `<issuer>/.well-known/jwks.json`.'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .optional()
      .describe(
        'The accepted signatures. Default: HS256 with `secret`, else RS256, PS256, ES256, ES384, ES512.',
      ),
    clockSkew: duration
      .refine((ms) => ms <= MAX_SKEW_MS, { error: 'at most 10m' })
      .prefault('30s')
      .describe('How far the clocks of issuer and gateway may differ.'),
    requireExp: z.boolean().default(true).describe('Whether a token without `exp` is refused.'),
    consumer: claim.default('sub').describe('The claim that names the consumer.'),
    tier: claim.optional().describe('The claim that names the tier of the consumer, for limits by tier.'),
    scope: claim
      .optional()
      .describe('The claim with the scopes, a text with spaces or a list. Default: `scope`, else `scp`.'),
    header: credentialHeader
      .default('authorization')
      .describe('The header with the token: `authorization` with the scheme Bearer, any other bare.'),
    cookie: cookieName.optional().describe('A cookie that may carry the token instead of the header.'),
    forward: z.boolean().default(true).describe('Whether the service receives the verified token as well.'),
    claimsToHeaders: claimsToHeaders
      .default({})
      .describe('Claims that the service receives as headers: `{ X-User-Email: email }`.'),
  })
  .superRefine((settings, refinement) => {
    for (const { path, message } of keyFaults(settings)) {
      refinement.addIssue({ code: 'custom', path: [...path], message })
    }
  })

/** `type: apiKey`. The keys themselves stand with the consumers. */
export const apiKeySettings = z.strictObject({
  type: z.literal('apiKey').describe('A static key of a consumer, see `consumers`.'),
  header: credentialHeader
    .default('x-api-key')
    .describe('The header with the key. Never reaches the service.'),
  query: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,64}$/, { error: 'not a parameter name of letters, digits, `_`, `.` and `-`' })
    .optional()
    .describe('A query parameter that may carry the key instead. Removed before forwarding. Off by default.'),
})

/** `type: clientCertificate`. The listener says whose certificates count. */
export const clientCertificateSettings = z.strictObject({
  type: z
    .literal('clientCertificate')
    .describe('The certificate that a client shows to a listener with `clientCertificates`.'),
  consumer: z
    .enum(['uri', 'dns', 'subject', 'fingerprint'])
    .describe('What in the certificate names the consumer; there must be exactly one of it.'),
  declaredOnly: z
    .boolean()
    .default(false)
    .describe('Whether only consumers that are declared under `consumers` are let in.'),
})

export const providerSettings = z.discriminatedUnion('type', [
  jwtSettings,
  apiKeySettings,
  clientCertificateSettings,
])

export type JwtSettings = z.output<typeof jwtSettings>
export type ApiKeySettings = z.output<typeof apiKeySettings>
export type ClientCertificateSettings = z.output<typeof clientCertificateSettings>
export type ProviderSettings = z.output<typeof providerSettings>

function mayCarryClaim(name: string): boolean {
  const lower = name.toLowerCase()
  const isOurs = (CONSUMER_HEADERS as readonly string[]).includes(lower)
  return isFieldName(name) && !isOurs && lower !== 'authorization' && !RESERVED.has(lower)
}
