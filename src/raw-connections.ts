// Listeners for TCP and TLS passthrough, joined with the services of the generation that is current.
import type { Generations } from './generations.ts'
import type { Clock } from './plugin.ts'
import { TcpConnections } from './tcp/tcp-connections.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

export interface RawConnectionParts {
  readonly clock: Clock
  readonly generations: Generations
  readonly telemetry: Telemetry
}

/** What is open stays with the targets that it has, whatever a reload brings. */
export function createRawConnections({ clock, generations, telemetry }: RawConnectionParts): TcpConnections {
  return new TcpConnections({
    clock,
    rules: (listener) => generations.current.tcpListeners.get(listener),
    dial(name) {
      const service = generations.current.services.get(name)
      return service && 'dial' in service ? service.dial : undefined
    },
    record: (facts) => telemetry.connection(facts),
  })
}
