// How many connections a listener has, in all and by client: no client may take what others need.
import { ipKey } from '../ip-address.ts'
import type { ConnectionLimits } from './settings.ts'

export class OpenConnections {
  /** Never more entries than connections. */
  readonly #byClient = new Map<string, number>()
  #open = 0

  /** What is in the way of one more; undefined when nothing is. */
  refusal(
    clientIp: string,
    { max, perAddress }: ConnectionLimits,
  ): 'LISTENER_FULL' | 'ADDRESS_FULL' | undefined {
    if (this.#open >= max) return 'LISTENER_FULL'
    return (this.#byClient.get(ipKey(clientIp)) ?? 0) >= perAddress ? 'ADDRESS_FULL' : undefined
  }

  /** Returns how to give it back, to be called once. */
  take(clientIp: string): () => void {
    const key = ipKey(clientIp)
    this.#open++
    this.#byClient.set(key, (this.#byClient.get(key) ?? 0) + 1)
    return () => {
      this.#open--
      const left = this.#byClient.get(key)! - 1
      if (left > 0) this.#byClient.set(key, left)
      else this.#byClient.delete(key)
    }
  }
}
