// Bytes that are no request: answered on the bare socket, in the same shape as every other refusal.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, GatewayError } from '../errors.ts'
import { createRequestId } from './arrival.ts'
import { problemDocument } from './problem.ts'

const CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'HEADERS_TOO_LARGE'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'BODY_TOO_LARGE'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'],
])

/** Node's `clientError`. A reset is nobody's business; everything else is answered and the connection closed. */
export function refuseMalformed(failure: { readonly code?: string }, socket: Socket): void {
  if (failure.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const error = new GatewayError(CODES.get(failure.code ?? '') ?? 'BAD_REQUEST')
  const requestId = createRequestId()
  const body = problemDocument(error, requestId)
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
