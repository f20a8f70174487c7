// What the edge needs of a request and of its response, whichever version of HTTP carries them.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayError } from '../errors.ts'
import type { HeaderList } from '../headers.ts'
import type { RequestHead } from './request-head.ts'

export interface Http2Facts {
  /** False when the head was all there is. */
  readonly hasBody: boolean
  /** Why the head has no single meaning. */
  readonly fault: GatewayError | undefined
}

export interface ClientRequest {
  readonly method: string
  readonly url: string
  /** For the framework, and the host for the log. */
  readonly headers: { host?: string | undefined }
  /** Flat pairs as they were sent; over HTTP/2 in the form of HTTP/1.1. */
  readonly rawHeaders: string[]
  /** Whole with `end`. */
  readonly rawTrailers: string[]
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly socket: Socket
  /** Throws a GatewayError for what has more than one meaning. */
  readonly head: RequestHead
  /** True for a handshake of WebSocket. */
  readonly upgrade: boolean
  /** Left out over HTTP/1, whatever the request line says. */
  readonly http2?: Http2Facts
  /** True when the last byte has arrived, read or not. */
  readonly complete: boolean
  /** True when all of it has been read. */
  readonly readableEnded: boolean
  /** The client is gone, or what it sends is no body. */
  readonly destroyed: boolean
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
}

export interface ClientResponse {
  readonly req: { readonly httpVersion: string }
  /** Of the exchange that it answers. */
  requestId?: string
  /** What the client was told in its place: the rest of the request was none, or did not come. Known with `close`. */
  readonly fault?: GatewayError | undefined
  /** It is over, whether all of it was taken or not. */
  readonly destroyed: boolean
  readonly headersSent: boolean
  readonly writableEnded: boolean
  /** All of it has been taken by the system. */
  readonly writableFinished: boolean
  /** Bytes that have not been taken yet. */
  readonly writableLength: number
  on(event: 'close' | 'drain', listener: () => void): unknown
  writeContinue(): void
  /** Closes what the client has taken nothing of for so long; 0: never. */
  setTimeout(ms: number): void
  writeInformation(status: number, pairs: readonly string[]): void
  /** Flat pairs. Throws when one of them cannot be written. */
  writeHead(status: number, reason: string | undefined, pairs: readonly string[]): void
  flushHeaders(): void
  /** False when no more should be written for now: `drain` says when. */
  write(chunk: Buffer): boolean
  end(body?: Buffer): void
  end(body: string, encoding: 'latin1'): void
  addTrailers(trailers: readonly [string, string][]): void
  /** Sends the head of a switch; from then on the connection speaks the other protocol. */
  switchProtocols(headers: HeaderList): Duplex
  /** Cut, never a clean end. */
  destroy(): void
}

/** `target` is the request target as it was sent. */
export type Serve = (request: ClientRequest, response: ClientResponse, target: string) => void
