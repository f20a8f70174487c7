// Writes an answer to the client: head and small body in one write, else a stream with backpressure.
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { GatewayError } from '../errors.ts'
import type { HeaderList } from '../headers.ts'
import type { ResponseBody } from '../plugin.ts'

/** Bodies up to this size go out as one string with the head; larger ones as buffers. */
const ONE_WRITE_BYTES = 16 * 1024

export interface SendableAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string | Buffer | ResponseBody
}

export interface SendFacts {
  readonly requestId: string
  readonly method: string
  /** The connection ends after this answer. */
  readonly close: boolean
  readonly sent: SentBytes
}

/** Body bytes written so far; counts on while a body streams. */
export interface SentBytes {
  bytes: number
}

/** Throws when a header cannot be written; nothing has been sent then. */
export function sendAnswer(response: ServerResponse, answer: SendableAnswer, facts: SendFacts): void {
  const { body } = answer
  // Replaced, not added: services echo the id that they were given.
  answer.headers.set('X-Request-Id', facts.requestId)
  if (facts.close) answer.headers.pairs.push('Connection', 'close')
  if (typeof body === 'string' || Buffer.isBuffer(body)) {
    sendWhole(response, answer, Buffer.isBuffer(body) ? body : Buffer.from(body), facts)
  } else if (body.complete) {
    sendWhole(response, answer, joined(body.complete), facts)
  } else {
    writeHead(response, answer)
    streamBody(response, body, facts.sent)
  }
}

function sendWhole(response: ServerResponse, answer: SendableAnswer, body: Buffer, facts: SendFacts): void {
  const { status, headers } = answer
  const bodyless = facts.method === 'HEAD' || status === 204 || status === 304
  // RFC 9110 section 8.6: a 204 must not carry one, whatever the service said.
  if (status === 204) headers.remove('content-length')
  else if (!bodyless && !headers.has('content-length')) {
    headers.pairs.push('Content-Length', String(body.length))
  }
  writeHead(response, answer)
  facts.sent.bytes = bodyless ? 0 : body.length
  if (bodyless || body.length === 0) response.end()
  // Node joins head and body into one write only for strings; latin1 keeps every byte.
  else if (body.length <= ONE_WRITE_BYTES) response.end(body.toString('latin1'), 'latin1')
  else response.end(body)
}

function writeHead(response: ServerResponse, { status, headers }: SendableAnswer): void {
  // The reason is said each time: node keeps the one of a head that it refused to write.
  response.writeHead(status, STATUS_CODES[status], headers.pairs)
}

function streamBody(response: ServerResponse, body: ResponseBody, sent: SentBytes): void {
  response.on('drain', () => body.resume())
  body.stream({
    write(chunk) {
      sent.bytes += chunk.length
      return response.write(chunk)
    },
    end(trailers) {
      if (trailers.length > 0) response.addTrailers(inPairs(trailers))
      response.end()
    },
    // Cut, never a clean end: the client must see that the body is not whole.
    fail: (_failure: GatewayError) => response.destroy(),
  })
  // Node keeps the head for the first chunk, which may be minutes away (server-sent events).
  if (!response.writableEnded && sent.bytes === 0) response.flushHeaders()
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function inPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at]!, flat[at + 1]!])
  return pairs
}
