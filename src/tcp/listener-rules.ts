// Whom a listener of raw connections lets in, and where it sends them: compiled once per generation.
import { addressFilter } from '../address-ranges.ts'
import type { TcpListenerSettings } from './settings.ts'

export interface ListenerRules {
  readonly settings: TcpListenerSettings
  allows(clientIp: string): boolean
  /** The service of the name that a client asks for; undefined when there is none for it. */
  serviceFor(serverName: string | undefined): string | undefined
}

export function compileListenerRules(settings: TcpListenerSettings): ListenerRules {
  const { services } = settings
  return {
    settings,
    allows: addressFilter(settings),
    serviceFor: (name) => (name === undefined ? undefined : byName(services, name)) ?? services.get('*'),
  }
}

/** Exact, then the longest suffix: as hosts of routes are matched. */
function byName(services: ReadonlyMap<string, string>, name: string): string | undefined {
  let service = services.get(name)
  for (let dot = name.indexOf('.'); dot >= 0 && service === undefined; dot = name.indexOf('.', dot + 1)) {
    service = services.get(`*${name.slice(dot)}`)
  }
  return service
}
