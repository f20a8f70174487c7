// A request body onto a stream: at the stream's pace, with its trailers, and given up when the stream is.
import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type { BodyStream } from '../../exchange.ts'

/** `onFailure`: the client's side broke, and the message will never be whole. */
export function sendBody(
  body: BodyStream,
  stream: ClientHttp2Stream,
  onFailure: (error: Error) => void,
): void {
  body.on('data', (chunk: Buffer) => {
    if (!stream.write(chunk)) body.pause()
  })
  stream.on('drain', () => body.resume())
  body.on('end', () => stream.end())
  body.on('error', onFailure)
  // It broke while the request waited for a stream, and will not say so again.
  if (body.errored) process.nextTick(onFailure, body.errored)
  const { trailers } = body
  if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(toFields(trailers())))
}

function toFields(pairs: readonly string[]): OutgoingHttpHeaders {
  const fields: Record<string, string[]> = Object.create(null)
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]!.toLowerCase()
    fields[name] = [...(fields[name] ?? []), pairs[at + 1]!]
  }
  return fields
}
