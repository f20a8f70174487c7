// A request that waits for a connection to a target, or has one.
import type { Work as AnyWork } from '../waiting-line.ts'

/** RFC 9110 section 9.2.2: sent twice they mean what they mean once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

export interface Work extends AnyWork {
  /** The request's head as it is written. */
  readonly head: string
  /** It has met a connection that the target was about to close. */
  isSecondTime?: boolean
}

/** True when a connection that was closed before a byte of the answer came need not have been the last. */
export function maySendAgain({ request, isSecondTime }: Work): boolean {
  return !isSecondTime && request.body === undefined && !request.upgrade && IDEMPOTENT.has(request.method)
}
