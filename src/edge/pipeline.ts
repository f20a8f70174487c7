// Requests of HTTP/1.1 that come while others on their connection wait for an answer (RFC 9112 section 9.3.2).
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { connectionOf } from './connection.ts'

/** As many as HTTP/2 has streams without a word: each may hold an answer that its client does not take. */
export const MAX_BEHIND = 100

/**
 * More than that is a flood. Whatever becomes of the requests in front lets Node read on, pause or not: 140,000 requests
 * on one connection were measured, and when it closed, minutes in which nobody else was served.
 */
const FLOOD = 2 * MAX_BEHIND

/** Counts a request that is not the first one to be answered. False: its connection is at its end, as is the request. */
export function noteTurn(socket: Socket, response: ServerResponse): boolean {
  // The packet in which a connection was given up is parsed to its end.
  if (socket.destroyed) return false
  if (response.socket !== null) return true
  const connection = connectionOf(socket)
  connection.behind++
  response.once('socket', () => connection.behind--)
  // What is in this packet still comes; what follows it stays with the client.
  if (connection.behind > FLOOD) socket.destroy()
  else if (connection.behind > MAX_BEHIND) socket.pause()
  return !socket.destroyed
}
