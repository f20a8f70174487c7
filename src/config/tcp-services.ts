// Services that are connected to and not called: what fits them, and what leads to them.
import type { Configuration, ServiceConfiguration } from './configuration.ts'
import { missingKey, type Path } from './fault.ts'
import type { LoadState } from './load-state.ts'
import { type ConfigMap, isMap } from './places.ts'
import type { ListenerConfiguration } from './read-listeners.ts'
import { suggest } from './suggest.ts'

type Parts = Pick<Configuration, 'services' | 'routes' | 'listeners'>

export function checkTcp(parts: Parts, state: LoadState): void {
  const written = isMap(state.root['services']) ? state.root['services'] : {}
  for (const service of parts.services.values()) {
    const map = written[service.name]
    if (!isMap(map)) continue
    const kind = kindOf(service)
    if (kind === 'tcp') refuseUseless(service, map, state)
    if (kind === 'http') refuseTcpOnly(service, map, state)
    if (kind === 'mixed') {
      const path = ['services', service.name, 'targets']
      state.list.add({
        path,
        message: 'tcp:// targets stand beside others',
        hint: 'make two services of them',
      })
    }
  }
  refuseRoutes(parts, state)
  for (const listener of parts.listeners) checkServices(listener, parts, state)
}

/** Undefined when no target could be read. */
function kindOf({ targets, canary }: ServiceConfiguration): 'tcp' | 'http' | 'mixed' | undefined {
  const all = [...targets, ...(canary?.targets ?? [])]
  if (all.length === 0) return undefined
  const tcp = all.filter(({ url }) => url.startsWith('tcp:')).length
  return tcp === 0 ? 'http' : tcp === all.length ? 'tcp' : 'mixed'
}

/** `tls` and `protocol` are told by the checks of their own. */
const USEFUL = new Set([
  'targets',
  'balance',
  'canary',
  'health',
  'ejection',
  'connections',
  'proxyProtocol',
  'tls',
])
/** A plan for requests, or for connections that are kept for later. */
const USELESS_INSIDE: Readonly<Record<string, readonly string[]>> = {
  health: ['path', 'status'],
  connections: ['queue', 'idleTimeout'],
}

function refuseUseless({ name, canary }: ServiceConfiguration, map: ConfigMap, { list }: LoadState): void {
  const refuse = (path: Path) =>
    list.add({ path: ['services', name, ...path], message: 'has no effect with tcp:// targets', atKey: true })
  for (const key of Object.keys(map)) {
    // Routes are told where they stand, those of other services too.
    if (!USEFUL.has(key) && key !== 'routes' && !key.startsWith('x-')) refuse([key])
    const inner = map[key]
    for (const useless of USELESS_INSIDE[key] ?? [])
      if (isMap(inner) && useless in inner) refuse([key, useless])
  }
  if (canary?.stickyBy !== undefined && canary.stickyBy !== 'ip') {
    const path = ['services', name, 'canary', 'stickyBy']
    list.add({ path, message: 'a connection is known by its address alone', hint: 'write ip' })
  }
}

function refuseTcpOnly({ name, health }: ServiceConfiguration, map: ConfigMap, { list }: LoadState): void {
  const path = ['services', name]
  if ('proxyProtocol' in map) {
    const message = 'needs tcp:// targets: one connection to an HTTP target serves many clients'
    const hint = 'HTTP targets find the client in X-Forwarded-For'
    list.add({ path: [...path, 'proxyProtocol'], message, hint, atKey: true })
  }
  if (health && health.path === '')
    list.add(missingKey([...path, 'health', 'path'], 'for example path: /healthz'))
}

function refuseRoutes({ services, routes }: Parts, { list }: LoadState): void {
  for (const { id, name, service, redirect, respond } of routes) {
    const target = services.get(service)
    if (redirect || respond || !target || kindOf(target) !== 'tcp') continue
    const written = id.slice(0, -(name.length + 1))
    const message = `"${service}" has tcp:// targets, which no request can be sent to`
    const hint = 'a listener with protocol tcp or tlsPassthrough leads to it'
    list.add({ path: ['services', written, 'routes', name], message, hint, atKey: true })
  }
}

function checkServices(listener: ListenerConfiguration, { services }: Parts, state: LoadState): void {
  const { list } = state
  if (!('services' in listener)) return
  for (const [host, name] of listener.services) {
    const key = listener.protocol === 'tcp' ? ['service'] : ['hosts', host]
    const path = ['listeners', listener.name, ...key]
    const service = services.get(name)
    if (!service) {
      const hint = suggest(name, [...services.keys()], 'defined')
      list.add({ path, message: `no service named ${JSON.stringify(name)}`, hint })
    } else if (kindOf(service) === 'http' || !hasTargets(name, state)) {
      list.add({
        path,
        message: `the targets of "${name}" are not tcp://`,
        hint: 'write tcp://host:port targets',
      })
    }
  }
}

/** As written: what is wrong with them has been told. */
function hasTargets(name: string, { root }: LoadState): boolean {
  const services = root['services']
  const service = isMap(services) ? services[name] : undefined
  return isMap(service) && 'targets' in service
}
