// How many connections each client has: an IPv6 client is its network, whose addresses cost it nothing.
import { ipKey } from './ip-address.ts'

export class ClientCounts {
  /** Never more entries than connections. */
  readonly #counts = new Map<string, number>()

  of(address: string): number {
    return this.#counts.get(ipKey(address)) ?? 0
  }

  /** Returns how to give it back, to be called once. */
  take(address: string): () => void {
    const key = ipKey(address)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    return () => {
      const left = this.#counts.get(key)! - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
  }
}
