// How many connections a listener has, in all and by client: no client may take what others need.
import { ClientCounts } from '../client-counts.ts'
import type { ConnectionLimits } from './settings.ts'

export class OpenConnections {
  readonly #clients = new ClientCounts()
  #open = 0

  /** What is in the way of one more; undefined when nothing is. */
  refusal(
    clientIp: string,
    { max, perAddress }: ConnectionLimits,
  ): 'LISTENER_FULL' | 'ADDRESS_FULL' | undefined {
    if (this.#open >= max) return 'LISTENER_FULL'
    return this.#clients.of(clientIp) >= perAddress ? 'ADDRESS_FULL' : undefined
  }

  /** Returns how to give it back, to be called once. */
  take(clientIp: string): () => void {
    const giveBack = this.#clients.take(clientIp)
    this.#open++
    return () => {
      this.#open--
      giveBack()
    }
  }
}
