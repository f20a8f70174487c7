// The seam between sending and the versions of HTTP: what a pool is given, what it tells of it, and by whose means.
import type { Duplex } from 'node:stream'
import type { BodyStream } from '../exchange.ts'
import type { HeaderList } from '../headers.ts'

/** A service that says nothing to an expectation for so long is sent the body all the same (RFC 9110 section 10.1.1). */
export const CONTINUE_WAIT_MS = 1000

/** One request for a target. */
export interface Outgoing {
  readonly method: string
  readonly path: string
  /** Flat pairs, without what frames the message or belongs to one connection. */
  readonly headers: readonly string[]
  /** Undefined: none. Whoever takes the request destroys what it does not read to its end. */
  readonly body: BodyStream | undefined
  /** Bytes of the body; undefined when only its end tells. */
  readonly length: number | undefined
  /** The client sends its body only when it is asked to, and the service may decide whether it is. */
  readonly expectsContinue: boolean
  /** The connection is to leave HTTP for WebSocket. */
  readonly upgrade: boolean
  /** Milliseconds that the body of the answer may be silent; Infinity: no limit. */
  readonly idleTimeoutMs: number
}

/** What carries a request that is under way: a connection, or a stream on one. Of no meaning after the end. */
export interface Carrier {
  pause(): void
  resume(): void
  /** Nobody needs what `onData` was told of any more. */
  giveBack?(): void
  /** Nothing more is sent or read; the receiver is told of the reason by `onFailure`. */
  abort(reason: Error): void
}

export interface FinalHead {
  readonly status: number
  readonly headers: HeaderList
}

/** A 101: `upgrade` is what the head says under that name. */
export interface SwitchHead {
  readonly headers: HeaderList
  readonly upgrade: string | undefined
}

/** Who is told of a request's way. What `onInterim`, `onHead` and `onSwitch` throw ends it as a failure. */
export interface Receiver {
  /** Nobody waits for it any more: it need not be started. */
  readonly ended: boolean
  /** From now on anything may have been written. */
  onStart(carrier: Carrier): void
  onInterim(head: FinalHead): void
  onHead(head: FinalHead): void
  onSwitch(head: SwitchHead, tunnel: Duplex): void
  /** The chunk is the receiver's to keep until it is given back. */
  onData(chunk: Buffer): void
  /** Trailers as flat pairs, only those that may stand behind a content. */
  onWhole(trailers: readonly string[]): void
  onFailure(error: unknown): void
}

/** The connections to a target, whatever is spoken on them. */
export interface TargetPool {
  readonly closed: boolean
  /** True while its target speaks HTTP/2, as far as is known. */
  readonly http2: boolean
  /** Throws when the request is not one that may be sent. */
  dispatch(request: Outgoing, receiver: Receiver): void
  /** Takes nothing new; resolves when what is under way has ended. */
  close(): Promise<void>
  destroy(): Promise<void>
}
