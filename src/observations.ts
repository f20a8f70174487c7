// What becomes metrics and log lines outside of exchanges: what is open, and what never became a request.
import type { Configuration } from './config/configuration.ts'
import type { Refused } from './edge/admission.ts'
import type { Front } from './edge/front.ts'
import type { OnMalformed } from './edge/malformed-request.ts'
import type { Generations } from './generations.ts'
import type { TcpConnections } from './tcp/tcp-connections.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

// Before the first byte of a request is understood there is no exchange: this is all that is known.
export function malformedNotes({ accessLog }: Configuration, { logger, meter }: Telemetry): OnMalformed {
  return (facts) => {
    const labels = { code: facts.cause }
    meter.counter('malformed_requests_total', 'Bytes from clients that were no request', labels).add()
    if (accessLog) logger.info(facts, 'malformed request')
  }
}

export function refusedNotes({ meter }: Telemetry): (because: Refused) => void {
  return (because) => {
    const labels = { limit: because }
    meter.counter('connections_refused_total', 'Connections that were one too many', labels).add()
  }
}

interface Observed {
  readonly generations: Generations
  readonly front: Front
  readonly raw: TcpConnections
  readonly inFlight: () => number
}

export function observe(telemetry: Telemetry, { generations, front, raw, inFlight }: Observed): void {
  telemetry.observe({
    requestsInFlight: inFlight,
    openConnections: () => front.connections(),
    tcpListeners: () => raw.states(),
    upstreams: () =>
      [...generations.current.services.values()].flatMap(({ name, targets }) =>
        targets.map((target) => ({ service: name, target: target.url, up: target.isAvailable() })),
      ),
  })
}
