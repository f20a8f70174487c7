// Writes an answer to the client: head and small body in one write, else a stream with backpressure.
import { STATUS_CODES } from 'node:http'
import type { GatewayError } from '../errors.ts'
import { grpcTrailers, isNativeGrpc, readGrpcStatus } from '../grpc.ts'
import { HeaderList } from '../headers.ts'
import type { ResponseBody } from '../plugin.ts'
import type { ClientResponse } from './client-request.ts'
import { Http1Response } from './http1/http1-response.ts'
import type { TurnShare } from './turn-share.ts'
import type { WriteDeadlines } from './write-deadlines.ts'

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
  /** As `Exchange.grpc`. */
  readonly grpc?: string | undefined
  /** The connection ends after this answer. */
  readonly close: boolean
  /** Sees to it that the client takes it. */
  readonly deadlines: WriteDeadlines
  /** Sees to it that a large one leaves room for others. */
  readonly turns: TurnShare
  readonly sent: Sent
}

/** Goes on while a body streams. */
export interface Sent {
  /** Of the body. */
  bytes: number
  /** Of a call of gRPC, once it is known. */
  grpcStatus?: number | undefined
  /** Why the body broke. */
  failure?: GatewayError
}

/** Throws when a header cannot be written; nothing has been sent then. */
export function sendAnswer(response: ClientResponse, answer: SendableAnswer, facts: SendFacts): void {
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
    const endsWithStatus = isNativeGrpc(facts.grpc) && !answer.headers.has('content-length')
    streamBody(response, body, { ...facts, endsWithStatus })
  }
  if (facts.grpc !== undefined) noteStatus(facts.sent, answer.headers.get('grpc-status'))
}

function sendWhole(response: ClientResponse, answer: SendableAnswer, body: Buffer, facts: SendFacts): void {
  const { status, headers } = answer
  const bodyless = facts.method === 'HEAD' || status === 204 || status === 304
  // RFC 9110 section 8.6: a 204 must not carry one, whatever the service said.
  if (status === 204) headers.remove('content-length')
  else if (!bodyless && !headers.has('content-length')) {
    headers.pairs.push('Content-Length', String(body.length))
  }
  writeHead(response, answer)
  facts.sent.bytes = bodyless ? 0 : body.length
  if (!bodyless && body.length > ONE_WRITE_BYTES) {
    response.on('close', () => facts.deadlines.stop(response))
    awaitClient(response, facts.deadlines)
    response.end(body)
    return
  }
  if (bodyless || body.length === 0) response.end()
  // One write for head and body takes a string; latin1 keeps every byte.
  else response.end(body.toString('latin1'), 'latin1')
  if (response.writableLength > 0) facts.deadlines.startWhole(response)
}

// The socket starts its timer anew whenever a part goes out; when nothing does, it closes the connection.
function awaitClient(response: ClientResponse, deadlines: WriteDeadlines): void {
  response.setTimeout(deadlines.timeoutMs)
  deadlines.startPart(response)
}

function writeHead(response: ClientResponse, { status, headers }: SendableAnswer): void {
  response.writeHead(status, STATUS_CODES[status], headers.pairs)
}

interface StreamFacts extends SendFacts {
  /** A failure can be told behind the body. */
  readonly endsWithStatus: boolean
}

function streamBody(response: ClientResponse, body: ResponseBody, facts: StreamFacts): void {
  const { grpc, sent, endsWithStatus, deadlines, turns } = facts
  const goOn = () => body.resume()
  let isFull = false
  response.on('close', () => deadlines.stop(response))
  response.on('drain', () => {
    // Told of also where all was taken at once.
    if (!isFull) return
    isFull = false
    response.setTimeout(0)
    deadlines.stop(response)
    turns.wait(goOn)
  })
  body.stream({
    get isTaken() {
      return isWithSystem(response)
    },
    write(chunk) {
      sent.bytes += chunk.length
      const more = response.write(chunk)
      if (more) return turns.spend(chunk.length, goOn)
      isFull = true
      awaitClient(response, deadlines)
      return false
    },
    end(trailers) {
      if (trailers.length > 0) response.addTrailers(inPairs(trailers))
      if (grpc !== undefined) noteStatus(sent, new HeaderList(trailers as string[]).get('grpc-status'))
      awaitClient(response, deadlines)
      response.end()
    },
    fail(failure) {
      // The log must not blame the client for the connection that is cut here.
      sent.failure = failure
      // Cut, never a clean end: the client must see that the body is not whole.
      if (!endsWithStatus || failure.code === 'CLIENT_CLOSED') return void response.destroy()
      awaitClient(response, deadlines)
      endCall(response, failure, sent)
    },
  })
  // The head is kept for the first chunk, which may be minutes away (server-sent events).
  if (!response.writableEnded && sent.bytes === 0) response.flushHeaders()
}

// Nothing refers to what was written. Over HTTP/2 a session may, of streams that have ended.
function isWithSystem(response: ClientResponse): boolean {
  return response instanceof Http1Response && response.writableLength === 0
}

// The status of a call of gRPC says whether it is whole, and says why it is not: a cut connection would not.
function endCall(response: ClientResponse, failure: GatewayError, sent: Sent): void {
  const trailers = grpcTrailers(failure)
  noteStatus(sent, trailers[1])
  response.addTrailers(inPairs(trailers))
  response.end()
}

function noteStatus(sent: Sent, value: string | undefined): void {
  sent.grpcStatus ??= readGrpcStatus(value)
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function inPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < flat.length; at += 2) pairs.push([flat[at]!, flat[at + 1]!])
  return pairs
}
