// Services outlive generations: one per distinct configuration, closed when its last generation lets go.
import { createHash } from 'node:crypto'
import { createService, type Service, type ServiceEnvironment } from './service.ts'
import type { ServiceSettings } from './settings.ts'
import { createTcpService, isTcpService, type TcpService } from './tcp-service.ts'

export type AnyService = Service | TcpService

interface Holding {
  readonly service: AnyService
  holders: number
}

export class ServicePool {
  readonly #environment: ServiceEnvironment
  readonly #holdings = new Map<string, Holding>()

  constructor(environment: ServiceEnvironment) {
    this.#environment = environment
  }

  /** The service with exactly these settings, with its connections and health as they are. */
  hold(settings: ServiceSettings): AnyService {
    const key = keyOf(settings)
    let holding = this.#holdings.get(key)
    if (!holding) {
      const create = isTcpService(settings) ? createTcpService : createService
      holding = { service: create(settings, this.#environment), holders: 0 }
      this.#holdings.set(key, holding)
    }
    holding.holders++
    return holding.service
  }

  /** Gives back what `hold` gave; closes the service when nobody holds it any more. */
  async release(settings: ServiceSettings): Promise<void> {
    const key = keyOf(settings)
    const holding = this.#holdings.get(key)
    if (!holding) return
    holding.holders--
    if (holding.holders > 0) return
    this.#holdings.delete(key)
    await holding.service.close()
  }
}

// Field by field: what is around the settings (where they were written) must not make a new service.
function keyOf(settings: ServiceSettings): string {
  const { name, targets, balance, canary, health, ejection, connections, tls, protocol, proxyProtocol } =
    settings
  const identity = JSON.stringify([
    name,
    targets,
    balance,
    canary,
    health,
    ejection,
    connections,
    tls && [tls.serverName, tls.digest],
    protocol,
    proxyProtocol,
  ])
  return createHash('sha256').update(identity).digest('base64')
}
