// What the edge needs of a request and of its response, whichever version of HTTP carries them.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '../errors.ts'

export interface Http2Facts {
  /** False when the head was all there is. */
  readonly hasBody: boolean
  /** Why the head has no single meaning. */
  readonly fault: GatewayError | undefined
}

/** Node's own object over HTTP/1; `Http2Request` over HTTP/2. */
export interface ClientRequest
  extends Pick<
    IncomingMessage,
    | 'method'
    | 'url'
    | 'headers'
    | 'rawHeaders'
    | 'rawTrailers'
    | 'httpVersionMajor'
    | 'httpVersionMinor'
    | 'complete'
    | 'destroyed'
    | 'readableEnded'
  > {
  readonly socket: Socket
  /** True for one that has left node's parser (edge/upgrade.ts). */
  readonly upgrade?: boolean | null
  /** Left out over HTTP/1, whatever the request line says. */
  readonly http2?: Http2Facts
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end' | 'error' | 'close', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
}

/** Node's own object over HTTP/1; `Http2Response` over HTTP/2. */
export interface ClientResponse
  extends Pick<
    ServerResponse,
    'destroyed' | 'headersSent' | 'writableEnded' | 'writableFinished' | 'writableLength'
  > {
  readonly req: { readonly httpVersion: string }
  /** Null while it is not its turn, or no more (HTTP/1.1). */
  readonly socket?: Socket | null
  on(event: 'close' | 'drain' | 'socket', listener: () => void): unknown
  writeContinue(): void
  /** Closes what the client has taken nothing of for so long; 0: never. */
  setTimeout(ms: number): unknown
  writeInformation(status: number, pairs: string[]): unknown
  /** Flat pairs. Throws when one of them cannot be written. */
  writeHead(status: number, reason: string | undefined, pairs: string[]): unknown
  flushHeaders(): void
  write(chunk: Buffer): boolean
  end(body?: Buffer): unknown
  end(body: string, encoding: 'latin1'): unknown
  addTrailers(trailers: readonly [string, string][]): void
  destroy(): unknown
}

/** `target` is the request target as it was sent. */
export type Serve = (request: ClientRequest, response: ClientResponse, target: string) => void
