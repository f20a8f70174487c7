// Why a stream broke: error codes of HTTP/2 and of its connection -> GatewayError.
import { constants } from 'node:http2'
import { GatewayError } from '../../errors.ts'

/** The service's bytes were no HTTP/2 message, or more than is taken: the same request would end the same way. */
const INVALID: ReadonlySet<number> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  // What node:http2 itself says when a head is longer than we allow.
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
])

export interface BrokenStream {
  /** Undefined: its head was never sent. */
  readonly id: number | undefined
  readonly code: number
  /** The last stream that the target's GOAWAY says it has looked at. */
  readonly lastAccepted: number
  readonly error: unknown
}

export function streamFailure({ id, code, lastAccepted, error }: BrokenStream): GatewayError {
  const cause = error ?? new Error(`HTTP/2 stream closed with code ${code}`)
  // RFC 9113 section 8.7: a refused stream, and one above the GOAWAY's, has not been processed.
  const unprocessed = id === undefined || id > lastAccepted || code === constants.NGHTTP2_REFUSED_STREAM
  if (unprocessed) return new GatewayError('UPSTREAM_RESET', { cause, unprocessed })
  return new GatewayError(INVALID.has(code) ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_RESET', { cause })
}
