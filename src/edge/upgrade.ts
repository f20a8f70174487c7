// Requests that ask for WebSocket: taken from Node's HTTP parser, served on the same way as every other request.
import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HeaderList } from '../headers.ts'
import type { ClientResponse } from './client-request.ts'
import { Http2Response } from './http2/http2-response.ts'
import { isAnswering, LINGER_MS } from './malformed-request.ts'

const WEBSOCKET = /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i

type ServeUpgrade = (request: IncomingMessage, response: ServerResponse, target: string) => void

/**
 * Node's `shouldUpgradeCallback`: any other wish is no wish, the request is served as if it were not there (RFC 9110
 * section 7.8); so is one of HTTP/1.0, and one behind a request that still waits for its answer.
 */
export function asksForWebSocket(request: IncomingMessage): boolean {
  if (!WEBSOCKET.test(request.headers.upgrade ?? '')) return false
  return request.httpVersionMinor === 1 && !isAnswering(request.socket)
}

/** Gives each such request a response of its own, on which it may be refused or its protocol be switched. */
export function serveUpgrades(server: Server, serve: ServeUpgrade): void {
  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    const socket = duplex as Socket
    // Node has taken its own listener away: without one a reset would end the process.
    socket.on('error', () => {})
    // What came right behind the handshake waits there for whoever reads next.
    if (head.length > 0) socket.unshift(head)
    serve(request, respondOn(socket, request), request.url ?? '')
  })
}

/** Sends the head of a switch; from then on the connection speaks the other protocol. */
export function switchProtocols(answer: ClientResponse, headers: HeaderList): Duplex {
  if (answer instanceof Http2Response) return answer.switchProtocols(headers)
  headers.pairs.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  const response = answer as ServerResponse
  const socket = response.socket!
  response.writeHead(101, headers.pairs)
  response.end()
  socket.removeAllListeners('readable')
  return socket
}

function respondOn(socket: Socket, request: IncomingMessage): ServerResponse {
  const response = new ServerResponse(request)
  // There is no parser any more for another request on this connection.
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // As Node has it for requests: who ends its side before the answer has gone. Nobody else would read that far now.
  socket.on('readable', () => {
    if (socket.readableLength === 0) socket.destroy()
  })
  socket.on('drain', () => response.emit('drain'))
  response.on('finish', () => {
    if (response.statusCode !== 101) leave(response, socket)
  })
  return response
}

function leave(response: ServerResponse, socket: Socket): void {
  response.detachSocket(socket)
  response.emit('close')
  socket.removeAllListeners('readable')
  // Read on until the client has gone: unread bytes would make a reset of the close, and that could overtake the answer.
  socket.resume()
  socket.end()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.on('close', () => clearTimeout(timer))
}
