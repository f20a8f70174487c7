// Every tunnel that is open, by the generation that it was opened in, so that they can be ended.
import type { Tunnel } from './tunnel.ts'

/** Each is a whole configuration, in memory for as long as one of its tunnels is open. */
const MAX_GENERATIONS = 32

type OpenTunnel = Pick<Tunnel, 'ended' | 'goAway'>

export class OpenTunnels {
  /** Oldest generation first. */
  readonly #open = new Map<object, Set<OpenTunnel>>()

  add(tunnel: OpenTunnel, generation: object): void {
    const peers = this.#open.get(generation) ?? new Set()
    peers.add(tunnel)
    this.#open.set(generation, peers)
    void tunnel.ended.then(() => {
      peers.delete(tunnel)
      if (peers.size === 0) this.#open.delete(generation)
    })
    if (this.#open.size > MAX_GENERATIONS) this.#closeOldest()
  }

  /** Resolves when the last one has ended. */
  async closeAll(): Promise<void> {
    const all = [...this.#open.values()].flatMap((peers) => [...peers])
    for (const tunnel of all) tunnel.goAway()
    await Promise.all(all.map(({ ended }) => ended))
  }

  #closeOldest(): void {
    const [oldest] = this.#open.values()
    for (const tunnel of oldest ?? []) tunnel.goAway()
  }
}
