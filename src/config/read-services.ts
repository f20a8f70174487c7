// The services of the merged config with their routes.
import { dirname, resolve } from 'node:path'
import type { z } from 'zod'
import type { Steps } from '../pace.ts'
import type { RouteConfiguration, ServiceConfiguration, TlsConfiguration } from './configuration.ts'
import { missingKey, type Path } from './fault.ts'
import { addLevel, type Standings } from './layers.ts'
import type { LoadState } from './load-state.ts'
import { checkName } from './names.ts'
import { readPemFiles } from './pem-files.ts'
import { type ConfigMap, createMap, isMap } from './places.ts'
import { type RouteReading, readRoutes } from './read-routes.ts'
import { serviceShape } from './service-schema.ts'
import { readStructure, type Structure } from './structure.ts'
import { show } from './zod-wording.ts'

export interface ReadServices {
  readonly services: ReadonlyMap<string, ServiceConfiguration>
  readonly routes: readonly RouteConfiguration[]
}

export function* readServices(defaults: Standings, reading: RouteReading): Steps<ReadServices> {
  const { root } = reading.state
  const written = isMap(root['services']) ? root['services'] : createMap()
  const services = new Map<string, ServiceConfiguration>()
  const routes: RouteConfiguration[] = []
  for (const name of Object.keys(written)) {
    const read = yield* readService(name, written, { defaults, reading })
    if (!read) continue
    services.set(name, read.service)
    for (const route of read.routes) routes.push(route)
  }
  requireTargets(written, routes, reading)
  return { services, routes }
}

interface ReadService {
  readonly service: ServiceConfiguration
  readonly routes: readonly RouteConfiguration[]
}

interface Surroundings {
  readonly defaults: Standings
  readonly reading: RouteReading
}

function* readService(
  name: string,
  written: ConfigMap,
  { defaults, reading }: Surroundings,
): Steps<ReadService | undefined> {
  const { state } = reading
  const path: Path = ['services', name]
  const map = written[name]
  checkName(path, state)
  if (!isMap(map)) {
    const hint = 'write a map with "targets" and "routes"'
    state.list.add({ path, message: `${show(map)} is not a service`, hint })
    return undefined
  }
  refuseUnknown(map, path, reading)
  const structure = readStructure(serviceShape, { map, path }, state)
  const standings = addLevel(defaults, { level: 'service', map, path }, reading)
  const routes = yield* readRoutesOf(map, { name, hosts: structure.host ?? [], standings }, reading)
  return { service: toService(name, written, { structure, reading }), routes }
}

function* readRoutesOf(
  map: ConfigMap,
  service: Parameters<typeof readRoutes>[1],
  reading: RouteReading,
): Steps<readonly RouteConfiguration[]> {
  const routes = map['routes']
  if (isMap(routes)) return yield* readRoutes(routes, service, reading)
  if (routes !== undefined) {
    const path = ['services', service.name, 'routes']
    reading.state.list.add({
      path,
      message: `${show(routes)} is not a map of routes`,
      hint: 'write name: GET /path',
    })
  }
  return []
}

function refuseUnknown(map: ConfigMap, path: Path, { kinds, state }: RouteReading): void {
  for (const key of Object.keys(map)) {
    const fault = kinds.refusal('service', [...path, key])
    if (fault) state.list.add(fault)
  }
}

type ServiceStructure = Structure<typeof serviceShape>

function toService(
  name: string,
  written: ConfigMap,
  { structure, reading }: { readonly structure: ServiceStructure; readonly reading: RouteReading },
): ServiceConfiguration {
  const { canary, health, ejection, connections, tls } = structure
  const { places, path } = reading.state
  const file = places.mark(written, name)?.source.path ?? path
  return {
    name,
    targets: structure.targets ?? [],
    balance: structure.balance ?? 'p2c',
    protocol: structure.protocol ?? 'auto',
    canary,
    health: health && {
      path: health.path ?? '',
      everyMs: health.every,
      timeoutMs: health.timeout,
      healthy: health.healthy,
      unhealthy: health.unhealthy,
      status: health.status,
    },
    ejection: toEjection(ejection),
    connections: toConnections(connections),
    proxyProtocol: structure.proxyProtocol,
    tls: tls && toTls(tls, { name, directory: dirname(file) }, reading.state),
    origin: places.origin(written, name),
  }
}

function toEjection(ejection: ServiceStructure['ejection']): ServiceConfiguration['ejection'] {
  if (!ejection) return false
  const { failures, successRate, window, minimum, base, max } = ejection
  return { failures, successRate, windowMs: window, minimum, baseMs: base, maxMs: max }
}

const DEFAULT_CONNECTIONS = serviceShape.connections.parse(undefined)

function toConnections(written: ServiceStructure['connections']): ServiceConfiguration['connections'] {
  const { max, connectTimeout, idleTimeout, headLimit, queue } = written ?? DEFAULT_CONNECTIONS
  const times = { connectTimeoutMs: connectTimeout, idleTimeoutMs: idleTimeout }
  return { max, ...times, headLimitBytes: headLimit, queue }
}

function toTls(
  tls: z.output<typeof serviceShape.tls>,
  { name, directory }: { readonly name: string; readonly directory: string },
  state: LoadState,
): TlsConfiguration {
  const absolute = (file: string | undefined) => file && resolve(directory, file)
  const files = { ca: absolute(tls.ca), cert: absolute(tls.cert), key: absolute(tls.key) }
  return { ...readPemFiles(files, ['services', name, 'tls'], state), serverName: tls.serverName }
}

// Routes that redirect, respond or go to another service need no targets here.
function requireTargets(
  written: ConfigMap,
  routes: readonly RouteConfiguration[],
  { state }: RouteReading,
): void {
  const needed = new Set<string>()
  for (const route of routes) if (!route.redirect && !route.respond) needed.add(route.service)
  for (const name of Object.keys(written)) {
    const map = written[name]
    if (!isMap(map) || 'targets' in map) continue
    const hasRoutes = isMap(map['routes']) && Object.keys(map['routes']).length > 0
    if (needed.has(name) || !hasRoutes) state.list.add(missingKey(['services', name, 'targets']))
  }
}
