// Bytes that are no request: answered on the bare socket, in the same shape as every other refusal.
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, GatewayError } from '../errors.ts'
import { createRequestId } from './arrival.ts'
import { connectionOf } from './connection.ts'
import { problemDocument } from './problem.ts'
import type { TurnShare } from './turn-share.ts'

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'HEADERS_TOO_LARGE'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'BODY_TOO_LARGE'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'],
])

/** How long the client may take to read the answer and close: a reset at once could overtake the answer. */
export const LINGER_MS = 2000

/** What is known of a client that sent no request. */
export interface MalformedFacts {
  readonly cause: ErrorCode
  readonly requestId: string
  readonly clientIp: string
}

export type OnMalformed = (facts: MalformedFacts) => void

/** Node's `clientError`. A reset is nobody's business; everything else is answered and the connection closed. */
export function refuseMalformed(onMalformed: OnMalformed, turns: TurnShare) {
  const refuse = (socket: Socket, cause: ErrorCode) => refuseOnSocket(socket, cause, onMalformed)
  return (failure: { readonly code?: string }, socket: Socket): void => {
    const cause = CODES.get(failure.code ?? '') ?? 'BAD_REQUEST'
    if (failure.code === 'ECONNRESET') socket.destroy()
    // Node finds all that are too late at once.
    else if (cause === 'REQUEST_TIMEOUT') turns.take(() => refuse(socket, cause))
    else refuse(socket, cause)
  }
}

/** Answers where there is no response object, and closes. */
export function refuseOnSocket(socket: Socket, cause: ErrorCode, onMalformed: OnMalformed): void {
  if (refusing.has(socket)) return
  refusing.add(socket)
  afterEarlierAnswers(socket, () => refuse(socket, cause, onMalformed))
}

/** Each packet after a fault fails anew: one refusal is enough. */
const refusing = new WeakSet<Socket>()

// Requests that were whole before the faulty bytes came are answered first, in order (RFC 9112 section 9.3.2); among
// them one with `Connection: close`, for which Node takes every further byte for a fault.
function afterEarlierAnswers(socket: AnsweringSocket, then: () => void): void {
  const earlier = socket._httpMessage
  if (earlier?.req.complete) earlier.once('finish', () => afterEarlierAnswers(socket, then))
  else then()
}

/** Node puts the response that is being written there; its own handler looks there too. */
type AnsweringSocket = Socket & { readonly _httpMessage?: ServerResponse | null }

/** True while a request on this connection has no whole answer yet. */
export function isAnswering(socket: AnsweringSocket): boolean {
  return (socket._httpMessage ?? null) !== null
}

function refuse(socket: AnsweringSocket, cause: ErrorCode, onMalformed: OnMalformed): void {
  // The answer before said that it was the last, and may not have been written out yet.
  if (!socket.writable) {
    socket.destroySoon()
    return
  }
  // A refusal inside another answer would pass for a part of its body.
  if (socket._httpMessage?.headersSent) {
    socket.destroy()
    return
  }
  socket.setTimeout(LINGER_MS, () => socket.destroy())
  const error = new GatewayError(cause)
  const requestId = createRequestId()
  const body = problemDocument(error, requestId)
  onMalformed({ cause, requestId, clientIp: connectionOf(socket).peer })
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
      'Content-Type: application/problem+json',
      'Cache-Control: no-store',
      `X-Request-Id: ${requestId}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
