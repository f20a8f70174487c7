// Shares what is costly between the routes and generations of one gateway: built once, closed with its last holder.
import type { Clock } from '../../src/plugin.ts'
import type { KeySource } from './key-set.ts'
import type { Provider } from './provider.ts'

interface Closable {
  close(): void
}

interface Shared<T> {
  readonly value: T
  holders: number
}

export interface Lease<T> {
  readonly value: T
  close(): Promise<void>
}

export class Leases<T extends Closable> {
  readonly #shared = new Map<string, Shared<T>>()

  /** `key` names everything that the value was built from. */
  take(key: string, create: () => T): Lease<T> {
    const shared = this.#shared.get(key) ?? { value: create(), holders: 0 }
    this.#shared.set(key, shared)
    shared.holders++
    let isHeld = true
    const close = async (): Promise<void> => {
      if (isHeld) this.#giveBack(key, shared)
      isHeld = false
    }
    return { value: shared.value, close }
  }

  #giveBack(key: string, shared: Shared<T>): void {
    if (--shared.holders > 0) return
    this.#shared.delete(key)
    shared.value.close()
  }
}

export interface GatewayLeases {
  readonly providers: Leases<Provider>
  readonly sources: Leases<KeySource>
}

// `PluginContext.keep` keeps state for one route or service; an issuer must be asked once for all of them. The clock
// is what all of a gateway's routes have in common, and what the fetches are timed by.
const gateways = new WeakMap<Clock, GatewayLeases>()

export function leasesOf(clock: Clock): GatewayLeases {
  const leases = gateways.get(clock) ?? {
    providers: new Leases<Provider>(),
    sources: new Leases<KeySource>(),
  }
  gateways.set(clock, leases)
  return leases
}
