// The gateway, started the way a user starts it, with one config or another.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requestHead } from '../load/request-bytes.ts'
import type { Contestant, Site } from './contestant.ts'
import { signedTokens, type TokenSet } from './tokens.ts'
import {
  bareConfig,
  type FullChain,
  fullConfig,
  hostName,
  manyRoutesConfig,
  ROUTES_PER_HOST,
  requestPath,
} from './turnpike-configs.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Where the gateway is started from. */
export type Build = 'sources' | 'dist'

const PROGRAMS: Readonly<Record<Build, string>> = {
  sources: join(ROOT, 'src/start.ts'),
  dist: join(ROOT, 'dist/src/start.js'),
}

export function isBuilt(build: Build): boolean {
  return existsSync(PROGRAMS[build])
}

export function turnpikeBare(build: Build): Contestant {
  return {
    name: 'turnpike bare',
    launch: (site) => ({ program: process.execPath, args: gatewayArguments(build, site, bareConfig(site)) }),
    requests: (shape) => [requestHead(shape)],
  }
}

/** Asked for a route of its last host. */
export function turnpikeWithRoutes(build: Build, routes: number): Contestant {
  const host = hostName(Math.ceil(routes / ROUTES_PER_HOST) - 1)
  return {
    name: `turnpike, ${routes.toLocaleString('en-US')} routes`,
    launch: (site) => {
      const config = manyRoutesConfig(site, { routes, revision: 0 })
      return { program: process.execPath, args: gatewayArguments(build, site, config) }
    },
    requests: () => [requestHead({ host, path: requestPath(0) })],
  }
}

export interface FullOptions extends Omit<FullChain, 'issuer' | 'audience'> {
  readonly name: string
  readonly build: Build
  readonly collectorUrl: string
  readonly redisPid: number
}

export function turnpikeFull(options: FullOptions): Contestant {
  const tokens = signedTokens()
  return {
    name: options.name,
    launch: (site) => {
      writeFileSync(join(site.folder, 'jwks.json'), tokens.jwks)
      const config = fullConfig(site, { ...options, issuer: tokens.issuer, audience: tokens.audience })
      return {
        program: process.execPath,
        args: gatewayArguments(options.build, site, config),
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: options.collectorUrl },
      }
    },
    requests: (shape) => requestsWith(tokens, shape),
    // Above it Redis was too slow to be waited for, and the node counted for itself: a cheaper request.
    shortcutMetric: 'gateway_ratelimit_store_errors_total',
    helpers: { redis: [options.redisPid] },
  }
}

/** What `node` is given; the config is written into the site's folder. */
function gatewayArguments(build: Build, site: Site, config: string): readonly string[] {
  const file = configFile(site)
  writeFileSync(file, config)
  const conditions = build === 'sources' ? ['--conditions=turnpike-source'] : []
  const listen = ['--listen', `127.0.0.1:${site.port}`, '--status', `127.0.0.1:${site.statusPort}`]
  return [
    ...conditions,
    PROGRAMS[build],
    'run',
    file,
    '--json',
    ...listen,
    '--admin',
    `127.0.0.1:${site.adminPort}`,
  ]
}

/** Where the config of a running gateway is: changing it reloads. */
export function configFile({ folder }: Site): string {
  return join(folder, 'turnpike.yaml')
}

function requestsWith({ tokens }: TokenSet, shape: Parameters<Contestant['requests']>[0]): readonly string[] {
  return tokens.map((token) => requestHead({ ...shape, headers: { Authorization: `Bearer ${token}` } }))
}
