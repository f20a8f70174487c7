// A file of examples/ as it stands, with other addresses, certificates and targets: a gateway in this process.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { plugins } from '../../plugins/index.ts'
import { configurationChecks } from '../../src/checks.ts'
import type { Configuration, LoadResult, ServiceConfiguration } from '../../src/config/configuration.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { startGateway } from '../../src/gateway.ts'
import type { ReloadOutcome } from '../../src/reloader.ts'
import { type Certificate, makeCertificate, trusting } from '../unit/upstream/certificates.ts'
import { NOBODY } from './nobody.ts'

export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

const SECRET = 'an-example-secret-that-is-long-enough'

export interface Example {
  readonly configuration: Configuration
  /** Of `listen`, or of the listener of this name. */
  url(listener?: string): string
  port(listener?: string): number
  /** Reads the file again, and what it names. */
  reload(): Promise<Pick<ReloadOutcome, 'result'>>
  stop(): Promise<void>
}

export interface ExampleOptions {
  /** What runs here in place of a service's targets. Services that it says nothing of have no target that listens. */
  targets?(service: ServiceConfiguration): readonly string[] | undefined
  /** Variables of the file; those that are left out have values that fit their names. */
  readonly env?: Readonly<Record<string, string>>
  /** What targets over TLS are verified against. */
  readonly targetCa?: Certificate
  readonly trustProxy?: readonly string[]
  /** Opens `listen` where the file says `listen: false`. */
  readonly alwaysListen?: boolean
}

/** It ends with the test. Throws the rendered faults when the file is not valid. */
export async function startExample(name: string, options: ExampleOptions = {}): Promise<Example> {
  const file = join(EXAMPLES, name)
  const env = { ...variablesOf(file), ...options.env }
  const load = async (): Promise<LoadResult> => {
    const result = await loadConfiguration(file, { plugins, env, checks: configurationChecks })
    return { ...result, configuration: result.configuration && moved(result.configuration, options) }
  }
  const { configuration, render } = await load()
  if (!configuration) throw new Error(render(false))
  const gateway = await startGateway(configuration, {
    load,
    env: {},
    version: 'test',
    logTo: new PassThrough().resume(),
    listen: configuration.listen === false && !options.alwaysListen ? undefined : '127.0.0.1:0',
    status: '127.0.0.1:0',
    admin: '127.0.0.1:0',
  })
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= gateway.stop())
  onTestFinished(stop)
  const { listen, listeners } = gateway.addresses
  const url = (listener?: string) => (listener === undefined ? listen! : listeners[listener]!)
  const port = (listener?: string) => Number(new URL(url(listener)).port)
  return { configuration, url, port, reload: () => gateway.reload(), stop }
}

/** The same, at addresses of this machine; no balancer has to notice that it stops. */
function moved(configuration: Configuration, options: ExampleOptions): Configuration {
  const services = [...configuration.services].map(
    ([name, service]) => [name, servedHere(service, options)] as const,
  )
  return {
    ...configuration,
    listeners: configuration.listeners.map((listener) => ({ ...listener, address: '127.0.0.1:0' })),
    trustProxy: options.trustProxy ?? configuration.trustProxy,
    services: new Map(services),
    redis: undefined,
    drain: { delayMs: 0, timeoutMs: 1000 },
  }
}

function servedHere(service: ServiceConfiguration, { targets, targetCa }: ExampleOptions) {
  const nobody = () => service.targets.slice(0, 1).map(({ url }) => `${url.split('://')[0]}://${NOBODY}`)
  const urls = targets?.(service) ?? nobody()
  const here = urls.map((url, at) => ({ url, weight: service.targets[at]?.weight ?? 1 }))
  const { canary } = service
  return {
    ...service,
    targets: here,
    canary: canary && { ...canary, targets: here },
    tls: targetCa ? trusting(targetCa) : service.tls,
  }
}

/** Certificates and secrets stand in no repository: the examples name them by variables. */
function variablesOf(file: string): Readonly<Record<string, string>> {
  const written = readFileSync(file, 'utf8').matchAll(
    /(?:\$\{(?:secret:)?|secret\('|env\(')([A-Z][A-Z0-9_]*)(?:\}|'\))/g,
  )
  const certificate = makeCertificate(['api.example.com'])
  return Object.fromEntries([...written].map(([, name]) => [name!, variable(name!, certificate)]))
}

function variable(name: string, { certFile, keyFile }: Certificate): string {
  if (/_(?:CERT|CA)_FILE$/.test(name)) return certFile
  if (name.endsWith('_KEY_FILE')) return keyFile
  return name.endsWith('_URL') ? `http://${NOBODY}` : SECRET
}
