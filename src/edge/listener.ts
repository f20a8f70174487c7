// One address where clients connect: opens it, and hands every connection on.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { formatListenAddress, parseListenAddress } from '../listen-address.ts'

/** Connections that the kernel may hold while the event loop is busy: a herd that reconnects all at once. */
const BACKLOG = 4096

export interface Listener {
  /** Host and port as in a URL. */
  readonly authority: string
  /** Takes no more connections; those that are open stay. */
  stop(): void
}

/** Rejects when the address cannot be listened on. */
export async function openListener(address: string, accept: (socket: Socket) => void): Promise<Listener> {
  const { host, port } = parseListenAddress(address)
  // Half-open, as node's own HTTP server takes them: whoever speaks on a connection decides what its end means.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept)
  // Without a host on all of IPv6 and IPv4, or on IPv4 alone where there is no other.
  server.listen({ ...(host === undefined ? {} : { host }), port, backlog: BACKLOG })
  await once(server, 'listening')
  return { authority: authorityOf(server), stop: () => server.close() }
}

function authorityOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo
  return formatListenAddress({ host: address, port })
}
