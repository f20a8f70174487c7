// Builds the providers that routes name, one for all routes of a gateway that mean the same.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { PluginContext } from '../../src/plugin.ts'
import { ApiKeyProvider } from './api-key.ts'
import { ClientCertificateProvider } from './client-certificate.ts'
import type { Place } from './credentials.ts'
import { parseJwkSet } from './jwk-set.ts'
import { JwksClient } from './jwks.ts'
import { JwtProvider } from './jwt.ts'
import { KeyFile } from './key-file.ts'
import { anyIdSet, fixedKey, type KeySet, type KeySource, secretKey } from './key-set.ts'
import { algorithmsOf, fittingKey, jwksUrlOf } from './key-settings.ts'
import type { Provider } from './provider.ts'
import type { ApiKeySettings, JwtSettings, ProviderSettings } from './provider-settings.ts'
import { providerOf } from './route-settings.ts'
import type { RootSettings, RouteSettings } from './settings.ts'

type Context = PluginContext<RouteSettings, RootSettings>

interface Blueprint<S extends ProviderSettings = ProviderSettings> {
  readonly name: string
  readonly settings: S
  /** Of an issuer's JWK set: one for all providers that trust it. */
  readonly client: JwksClient | undefined
  readonly context: Context
}

/** Throws an Error that says what to do when the provider cannot be built. */
export function provide(name: string, context: Context): Provider {
  const settings = providerOf(context.root, name)
  if (settings === undefined) throw new Error(`no auth provider named "${name}"`)
  const pem = settings.type === 'jwt' ? keyFileText(name, settings, context) : undefined
  const file = settings.type === 'jwt' ? (settings.publicKeyFile ?? settings.jwksFile) : undefined
  const path = file && context.resolvePath(file)
  const key = `provider:${digest([name, settings, pem, path, consumersDigest(context.root)])}`
  // Asked for by every generation, or the client would be closed with the one that built the provider.
  const client = settings.type === 'jwt' ? jwksClient(name, settings, context) : undefined
  return context.share(key, () => build({ name, settings, client, context }))
}

function build(blueprint: Blueprint): Provider {
  if (isJwt(blueprint)) return jwtProvider(blueprint)
  const { name, settings, context } = blueprint
  if (settings.type !== 'clientCertificate') return apiKeyProvider(blueprint as Blueprint<ApiKeySettings>)
  return new ClientCertificateProvider(name, settings, context.root.consumers ?? {})
}

function isJwt(blueprint: Blueprint): blueprint is Blueprint<JwtSettings> {
  return blueprint.settings.type === 'jwt'
}

function apiKeyProvider({ name, settings, context }: Blueprint<ApiKeySettings>): Provider {
  const places: Place[] = [{ kind: 'header', name: settings.header, bearer: false }]
  if (settings.query !== undefined) places.push({ kind: 'query', name: settings.query })
  return new ApiKeyProvider(name, places, context.root.consumers ?? {})
}

function jwtProvider(blueprint: Blueprint<JwtSettings>): Provider {
  const { name, settings, context } = blueprint
  const { header, cookie } = settings
  const places: Place[] = [{ kind: 'header', name: header, bearer: header === 'authorization' }]
  if (cookie !== undefined) places.push({ kind: 'cookie', name: cookie })
  return new JwtProvider({
    name,
    places,
    forwards: settings.forward,
    algorithms: algorithmsOf(settings),
    rules: {
      issuers: settings.issuer,
      audiences: settings.audience,
      skewSeconds: settings.clockSkew / 1000,
      requireExpiry: settings.requireExp,
    },
    names: settings,
    tiers: tiersOf(context.root),
    source: keySource(blueprint),
    clock: context.clock,
  })
}

function keySource(blueprint: Blueprint<JwtSettings>): KeySource {
  const { settings, client } = blueprint
  const algorithms = algorithmsOf(settings)
  if (settings.secret !== undefined) return fixedKey(secretKey(settings.secret))
  if (settings.publicKey !== undefined) return fixedKey(fittingKey(settings.publicKey, algorithms))
  const readPem = (text: string) => anyIdSet(fittingKey(text, algorithms))
  return (
    keyFile(blueprint, 'publicKeyFile', readPem) ?? keyFile(blueprint, 'jwksFile', parseJwkSet) ?? client!
  )
}

function keyFile(
  { name, settings, context }: Blueprint<JwtSettings>,
  field: 'publicKeyFile' | 'jwksFile',
  parse: (text: string) => KeySet,
): KeyFile | undefined {
  const file = settings[field]
  if (file === undefined) return undefined
  const { clock, logger } = context
  const path = context.resolvePath(file)
  return named(name, field, () => new KeyFile({ path, provider: name, clock, logger, parse }))
}

/** What an issuer has published does not depend on who trusts it for what. */
function jwksClient(name: string, settings: JwtSettings, context: Context): JwksClient | undefined {
  const { secret, publicKey, publicKeyFile, jwksFile } = settings
  if (secret ?? publicKey ?? publicKeyFile ?? jwksFile) return undefined
  const url = jwksUrlOf(settings)
  const { clock, logger, meter } = context
  return context.share(`jwks:${url}`, () => new JwksClient({ url, provider: name, clock, logger, meter }))
}

const keyFileTexts = new WeakMap<JwtSettings, string>()

/** Read once for each generation: one that names a file with no good key is refused. */
function keyFileText(name: string, settings: JwtSettings, context: Context): string | undefined {
  const { publicKeyFile } = settings
  if (publicKeyFile === undefined) return undefined
  const read = () => readFileSync(context.resolvePath(publicKeyFile), 'utf8')
  const text = keyFileTexts.get(settings) ?? named(name, 'publicKeyFile', read)
  keyFileTexts.set(settings, text)
  return text
}

/** Says which provider's file it was. */
function named<T>(name: string, field: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Error(`auth.${name}.${field}: ${(cause as Error).message}`, { cause })
  }
}

function tiersOf(root: RootSettings): ReadonlyMap<string, string> {
  const declared = Object.entries(root.consumers ?? {})
  return new Map(declared.flatMap(([id, { tier }]) => (tier === undefined ? [] : [[id, tier] as const])))
}

const consumerDigests = new WeakMap<object, string>()

/** Once for each generation: there may be thousands of consumers, and thousands of routes that ask. */
function consumersDigest({ consumers }: RootSettings): string {
  if (consumers === undefined) return ''
  const known = consumerDigests.get(consumers) ?? digest(consumers)
  consumerDigests.set(consumers, known)
  return known
}

// A digest, because the settings hold secrets and the key is kept.
function digest(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'hex')
}
