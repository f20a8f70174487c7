// How many connections there may be, in all and of one client.
import type { Socket } from 'node:net'
import { ClientCounts } from '../client-counts.ts'

export interface AdmissionLimits {
  readonly connections: number
  readonly connectionsPerClient: number
}

export type Refused = 'all' | 'client'

export class Admission {
  readonly #limits: AdmissionLimits
  readonly #onRefused: (because: Refused) => void
  readonly #sockets = new Set<Socket>()
  readonly #clients = new ClientCounts()

  constructor(limits: AdmissionLimits, onRefused: (because: Refused) => void) {
    this.#limits = limits
    this.#onRefused = onRefused
  }

  get open(): ReadonlySet<Socket> {
    return this.#sockets
  }

  /** False when the connection was one too many: it is closed already. */
  admit(socket: Socket): boolean {
    if (this.#sockets.size >= this.#limits.connections) return this.#refuse(socket, 'all')
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return true
  }

  /** The same for one client, once it is known who that is. */
  admitClient(socket: Socket, address: string): boolean {
    if (this.#clients.of(address) >= this.#limits.connectionsPerClient) return this.#refuse(socket, 'client')
    socket.once('close', this.#clients.take(address))
    return true
  }

  // Without a word: an answer would cost what the bound is there to save.
  #refuse(socket: Socket, because: Refused): false {
    this.#onRefused(because)
    socket.on('error', () => {}).destroy()
    return false
  }
}
