// What is known of a client's connection, worked out once for all of its requests.
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../exchange.ts'
import { normalizeIp } from '../ip-address.ts'
import { readClientCertificate } from './client-certificate.ts'

export interface Connection {
  /** The address of the peer, or of whom a trusted PROXY header names; '' when it is gone already. */
  readonly peer: string
  readonly scheme: 'http' | 'https'
  /** The name asked for in the TLS handshake, in lower case. */
  readonly serverName: string | undefined
  readonly clientCertificate: ClientCertificate | undefined
  /** Requests so far, counted where their number has a bound. */
  requests: number
}

const KNOWN = Symbol('connection')

type KnownSocket = Socket & { [KNOWN]?: Connection }

export function connectionOf(socket: Socket): Connection {
  const known = socket as KnownSocket
  known[KNOWN] ??= describe(socket, socket.remoteAddress ?? '')
  return known[KNOWN]
}

/** The peer is another than the socket says: a trusted proxy has named it. */
export function introduce(socket: Socket, peer: string): void {
  const known = socket as KnownSocket
  known[KNOWN] = describe(socket, peer)
}

/** Whom `introduce` has named. */
export function introducedPeer(socket: Socket): string | undefined {
  return (socket as KnownSocket)[KNOWN]?.peer
}

function describe(socket: Socket, address: string): Connection {
  const peer = normalizeIp(address) ?? address
  if (!isTls(socket)) {
    return {
      peer,
      scheme: 'http',
      serverName: undefined,
      clientCertificate: undefined,
      requests: 0,
    }
  }
  const { servername } = socket as TLSSocket & { readonly servername?: string | false | null }
  return {
    peer,
    scheme: 'https',
    serverName: servername ? servername.toLowerCase() : undefined,
    clientCertificate: readClientCertificate(socket),
    requests: 0,
  }
}

function isTls(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket
}
