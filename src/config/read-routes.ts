// The routes of one service.
import type { Steps } from '../pace.ts'
import type { RouteConfiguration } from './configuration.ts'
import { missingKey, type Path } from './fault.ts'
import { isInsideHosts } from './host-field.ts'
import type { KeyKinds } from './key-kinds.ts'
import { addLevel, type LevelReading, type Standings } from './layers.ts'
import { type RouteMatch, readMatch } from './match-field.ts'
import { checkName } from './names.ts'
import { type ConfigMap, createMap, isMap } from './places.ts'
import type { RoutePlugins } from './route-plugins.ts'
import { routeShape } from './service-schema.ts'
import { readStructure, type Structure } from './structure.ts'
import { suggest } from './suggest.ts'
import { show } from './zod-wording.ts'

/** What the routes of all services share. */
export interface RouteReading extends LevelReading {
  readonly kinds: KeyKinds
  readonly plugins: RoutePlugins
  /** Of every service that is written down, readable or not. */
  readonly serviceNames: ReadonlySet<string>
}

export interface EnclosingService {
  readonly name: string
  readonly hosts: readonly string[]
  readonly standings: Standings
}

/** A route on its way from text to configuration. */
interface Draft {
  readonly name: string
  readonly path: Path
  readonly service: EnclosingService
  readonly reading: RouteReading
}

const EMPTY = createMap()

export function* readRoutes(
  routes: ConfigMap,
  service: EnclosingService,
  reading: RouteReading,
): Steps<readonly RouteConfiguration[]> {
  const read: RouteConfiguration[] = []
  for (const name of Object.keys(routes)) {
    const path: Path = ['services', service.name, 'routes', name]
    const draft: Draft = { name, path, service, reading }
    checkName(path, reading.state)
    const origin = reading.state.places.origin(routes, name)
    const route = readRoute(routes[name], draft, origin)
    if (route) read.push(route)
    yield
  }
  return read
}

/** Undefined when nothing can be matched. Other faults are told, and the route goes on to the checks of the whole. */
function readRoute(value: unknown, draft: Draft, origin: string): RouteConfiguration | undefined {
  const { name, service, path, reading } = draft
  const map = isMap(value) ? value : EMPTY
  const structure = isMap(value) ? readRouteMap(value, draft) : NO_STRUCTURE
  const match = isMap(value) ? structure.match : readShortRoute(value, draft)
  const id = `${service.name}.${name}`
  const target = structure.service ?? service.name
  const standings = addLevel(service.standings, { level: 'route', map, path }, reading)
  // A route to another service must not mix its breaker with that of its neighbours.
  const outerScope = target === service.name ? service.name : id
  const plugins = reading.plugins.resolve(standings, { id, path, outerScope })
  if (!match) return undefined
  const { rewrite, redirect, respond, encodedSlashes } = structure
  const hosts = narrowHosts(match.hosts, draft)
  const actions = { rewrite, redirect, respond, encodedSlashes }
  return { id, name, service: target, ...match, hosts, ...actions, plugins, origin }
}

type RouteStructure = Structure<typeof routeShape>

const { match: matchSchema, ...actionShape } = routeShape
const matchShape = { match: matchSchema }
const NO_STRUCTURE: RouteStructure = {
  match: undefined,
  service: undefined,
  rewrite: undefined,
  redirect: undefined,
  respond: undefined,
  encodedSlashes: 'refuse',
}

function readRouteMap(map: ConfigMap, draft: Draft): RouteStructure {
  const { path, reading } = draft
  for (const key of Object.keys(map)) {
    const fault = reading.kinds.isKnown('route', key)
      ? undefined
      : reading.kinds.refusal('route', [...path, key])
    if (fault) reading.state.list.add(fault)
  }
  const match = readMatchKey(map, draft)
  if (!ACTIONS.some((key) => key in map)) return { ...NO_STRUCTURE, match }
  checkService(map, draft)
  checkActions(map, draft)
  return { ...readStructure(actionShape, { map, path }, reading.state), match }
}

const ACTIONS = ['service', 'rewrite', 'redirect', 'respond', 'encodedSlashes'] as const

function readMatchKey(map: ConfigMap, { path, reading }: Draft): RouteMatch | undefined {
  if (!('match' in map)) {
    reading.state.list.add(missingKey([...path, 'match'], 'for example match: GET /orders/*'))
    return undefined
  }
  if (typeof map['match'] === 'string') return readText(map['match'], [...path, 'match'], reading)
  return readStructure(matchShape, { map, path }, reading.state).match
}

function readShortRoute(value: unknown, { path, reading }: Draft): RouteMatch | undefined {
  if (typeof value === 'string') return readText(value, path, reading)
  const hint = 'write GET /path, or a map with "match"'
  reading.state.list.add({ path, message: `${show(value)} is not a route`, hint })
  return undefined
}

// Not through the schema: nearly every match is a text, and there may be many.
function readText(text: string, path: Path, { state }: RouteReading): RouteMatch | undefined {
  const outcome = readMatch(text)
  if ('value' in outcome) return outcome.value
  state.list.add({ path, ...outcome })
  return undefined
}

function checkService(map: ConfigMap, { path, reading }: Draft): void {
  const name = map['service']
  if (typeof name !== 'string' || reading.serviceNames.has(name)) return
  const hint = suggest(name, [...reading.serviceNames], 'defined')
  reading.state.list.add({
    path: [...path, 'service'],
    message: `no service named ${JSON.stringify(name)}`,
    hint,
  })
}

function checkActions(map: ConfigMap, { path, reading }: Draft): void {
  const { list } = reading.state
  if ('redirect' in map && 'respond' in map) {
    list.add({ path: [...path, 'respond'], message: 'has no effect beside "redirect"', atKey: true })
  }
  const own = 'redirect' in map ? 'redirect' : 'respond' in map ? 'respond' : undefined
  for (const key of own ? ['service', 'rewrite'] : []) {
    const message = `has no effect beside "${own}", which answers by itself`
    if (key in map) list.add({ path: [...path, key], message, atKey: true })
  }
}

function narrowHosts(hosts: readonly string[], { service, path, reading }: Draft): readonly string[] {
  if (hosts.length === 0) return service.hosts
  for (const host of hosts) {
    if (isInsideHosts(host, service.hosts)) continue
    const message = `"${host}" is not one of the hosts of the service "${service.name}"`
    const hint = `a route may narrow ${service.hosts.join(', ')}`
    reading.state.list.add({ path: [...path, 'match', 'host'], message, hint })
  }
  return hosts
}
