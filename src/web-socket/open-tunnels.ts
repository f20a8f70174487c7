// Every tunnel that is open, so that all of them can be ended.
import type { Tunnel } from './tunnel.ts'

export class OpenTunnels {
  readonly #open = new Set<Tunnel>()

  add(tunnel: Tunnel): void {
    this.#open.add(tunnel)
    void tunnel.ended.then(() => this.#open.delete(tunnel))
  }

  /** Resolves when the last one has ended. */
  async closeAll(): Promise<void> {
    for (const tunnel of this.#open) tunnel.goAway()
    await Promise.all([...this.#open].map(({ ended }) => ended))
  }
}
