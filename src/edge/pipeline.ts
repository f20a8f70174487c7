// Requests of HTTP/1.1 that come while others on their connection wait for an answer (RFC 9112 section 9.3.2).
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { connectionOf } from './connection.ts'

/** As many as HTTP/2 has streams without a word: each may hold an answer that its client does not take. */
export const MAX_BEHIND = 100

/** Counts a request that is not the first one to be answered. */
export function noteTurn(socket: Socket, response: ServerResponse): void {
  if (response.socket !== null) return
  const connection = connectionOf(socket)
  connection.behind++
  response.once('socket', () => connection.behind--)
  // What is in this packet still comes; what follows it stays with the client.
  if (connection.behind > MAX_BEHIND) socket.pause()
}
