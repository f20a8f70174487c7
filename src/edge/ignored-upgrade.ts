// A request that asks for an upgrade which nobody takes: served as it is, but what follows it may be lost.
import type { Socket } from 'node:net'
import type { BodyFraming } from './client-body.ts'
import type { ClientRequest } from './client-request.ts'

const HEAD_END = '\r\n\r\n'

/** Node's parser; a packet is its current buffer while the head is being handed out. */
type ParsedSocket = Socket & { readonly parser?: { getCurrentBuffer?(): Buffer } | null }

/**
 * Node leaves a packet where a request with `Upgrade` ends and drops the rest of it: of a request pipelined behind, the
 * next packet would then be read from its middle. Only a packet that is this one request, whole, loses nothing.
 */
export function mayLosePipelined(
  { socket }: ClientRequest,
  { chunked, contentLength }: BodyFraming,
): boolean {
  const packet = (socket as ParsedSocket).parser?.getCurrentBuffer?.()
  if (chunked || packet === undefined) return true
  return packet.indexOf(HEAD_END) + HEAD_END.length + (contentLength ?? 0) !== packet.length
}
