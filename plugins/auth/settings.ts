// What is written in a config file: `auth` of a route, and `auth` and `consumers` at the root.
import { z } from 'zod'
import { digestOf } from './api-key.ts'
import { providerSettings } from './provider-settings.ts'
import { SCOPE } from './scope.ts'

const MIN_KEY_LENGTH = 16
const MAX_KEY_LENGTH = 512
const DIGEST = /^sha256:([0-9a-f]{64})$/

const scopes = z
  .array(z.string().regex(SCOPE, { error: 'a scope is a word without spaces, quotes and backslashes' }))
  .min(1)

const primitive = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a text, number, true or false',
})

const providerName = z.string().min(1)

const use = z.union([providerName, z.array(providerName).min(1)], {
  error: 'must be the name of a provider or a list of names',
})

/** `auth` of a route, a service or `defaults`. */
export const routeSettings = z.union(
  [
    providerName.describe('The provider that must recognise the caller.'),
    z
      .array(providerName)
      .min(1)
      .describe('Providers of which any one must recognise the caller, asked in this order.'),
    z
      .strictObject({
        use: use.describe('The provider, or several of which any one is enough.'),
        scopes: scopes.optional().describe('Scopes that the consumer needs, all of them.'),
        anyScope: scopes.optional().describe('Scopes of which the consumer needs at least one.'),
        claims: z
          .record(z.string().min(1), z.union([primitive, z.array(primitive).min(1)]))
          .refine((claims) => Object.keys(claims).length > 0, { error: 'names no claim' })
          .optional()
          .describe('Claims that must have, or as a list contain, one of the given values.'),
      })
      .describe('A provider together with what the consumer must be allowed to do.'),
  ],
  { error: 'must be a provider name, a list of names, or an object with "use"' },
)

const apiKey = z
  .string()
  .superRefine((key, refinement) => {
    // The value is a secret: no message may repeat it.
    const message = keyFault(key)
    if (message !== undefined) refinement.addIssue({ code: 'custom', message })
  })
  .transform((key) => DIGEST.exec(key)?.[1] ?? digestOf(key))

const consumer = z.strictObject({
  tier: z.string().min(1).max(64).optional().describe('The tier of the consumer, for limits by tier.'),
  scopes: scopes.optional().describe('What the consumer may do when it comes with an API key.'),
  apiKey: z
    .union([apiKey, z.array(apiKey).min(1).max(10)])
    .transform((keys) => (typeof keys === 'string' ? [keys] : keys))
    .optional()
    .describe(
      'The key, best a reference to a secret, or `sha256:<64 hex digits>`; a list while two are valid.',
    ),
})

const newProviderName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, {
    error: 'a name starts with a letter and has up to 64 letters, digits, "_" and "-"',
  })
  .refine((name) => name !== 'none', {
    error: '"none" means no authentication and cannot be the name of a provider',
  })

/** The root keys of this plugin. */
export const rootSettings = z
  .object({
    auth: z
      .record(newProviderName, providerSettings)
      .optional()
      .describe('Ways to identify a caller, by name.'),
    consumers: z
      .record(z.string().regex(/^[\x21-\x7e]{1,128}$/, { error: 'a consumer name has no spaces' }), consumer)
      .optional()
      .describe('Who calls, by name. Consumers that come with a token need not be declared.'),
  })
  .superRefine(({ consumers = {} }, refinement) => {
    for (const path of sharedKeys(consumers)) {
      const message = 'this key belongs to another consumer as well: the gateway could not tell them apart'
      refinement.addIssue({ code: 'custom', path, message })
    }
  })

export type RouteSettings = z.output<typeof routeSettings>
export type RootSettings = z.output<typeof rootSettings>

function keyFault(key: string): string | undefined {
  if (key.startsWith('sha256:'))
    return DIGEST.test(key) ? undefined : 'sha256: needs 64 lower-case hex digits'
  if (key.length < MIN_KEY_LENGTH) return `a key of fewer than ${MIN_KEY_LENGTH} characters can be guessed`
  if (key.length > MAX_KEY_LENGTH) return `a key has at most ${MAX_KEY_LENGTH} characters`
  return /^[\x21-\x2b\x2d-\x7e]+$/.test(key) ? undefined : 'a key is visible ASCII without spaces and commas'
}

function sharedKeys(consumers: NonNullable<RootSettings['consumers']>): (string | number)[][] {
  const owners = new Map<string, string>()
  const shared: (string | number)[][] = []
  for (const [name, { apiKey: digests = [] }] of Object.entries(consumers)) {
    for (const digest of digests) {
      if ((owners.get(digest) ?? name) !== name) shared.push(['consumers', name, 'apiKey'])
      owners.set(digest, name)
    }
  }
  return shared
}
