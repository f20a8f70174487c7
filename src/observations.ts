// What becomes metrics and log lines outside of exchanges: what is open, and what never became a request.
import type { Configuration } from './config/configuration.ts'
import type { Refused } from './edge/admission.ts'
import type { Front, FrontOptions } from './edge/front.ts'
import type { OnMalformed } from './edge/http1/http1-connections.ts'
import type { Generations } from './generations.ts'
import type { Clock } from './plugin.ts'
import { Seldom } from './seldom.ts'
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

// A balancer that is not trusted, or sends no header, looks like a dead gateway to whoever has set it up.
export function proxyFaultNotes({ logger }: Telemetry, clock: Clock): FrontOptions['onProxyFault'] {
  /** As many as there are listeners, and faults of each. */
  const seldom = new Map<string, Seldom>()
  return (listener, reason, address) => {
    const key = `${listener} ${reason}`
    const one = seldom.get(key) ?? new Seldom(clock)
    seldom.set(key, one)
    one.say((moreSinceLastLine) =>
      logger.warn({ listener, reason, address, moreSinceLastLine }, 'a connection was closed'),
    )
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
