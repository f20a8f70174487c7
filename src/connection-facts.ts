// What is told of a raw connection when it is over, and every reason why it may be.
import type { ErrorCode } from './errors.ts'

/** Why a connection did not come about, or did not end well. Not reaching the service has the codes of the catalogue. */
export type ConnectionCause =
  | ErrorCode
  /** The client has as many connections as it may. */
  | 'ADDRESS_FULL'
  /** The listener has as many connections as it may. */
  | 'LISTENER_FULL'
  /** The bytes are no TLS hello, or not one with a single meaning. */
  | 'HELLO_INVALID'
  | 'HELLO_TIMEOUT'
  /** No service for the name that the client asks for. */
  | 'NAME_UNKNOWN'
  | 'CLIENT_RESET'
  | 'TARGET_RESET'
  | 'IDLE_TIMEOUT'
  | 'LIFETIME_REACHED'
  /** The gateway stops. */
  | 'DRAINED'

export interface ConnectionFacts {
  readonly listener: string
  readonly clientIp: string
  /** What the TLS hello asked for. */
  readonly serverName: string | undefined
  readonly service: string | undefined
  /** The target's address as it is written. */
  readonly target: string | undefined
  /** Passed on to the target. */
  readonly bytesIn: number
  /** Passed on to the client. */
  readonly bytesOut: number
  readonly durationMs: number
  /** Undefined when both sides have ended it. */
  readonly cause: ConnectionCause | undefined
}
