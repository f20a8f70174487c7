// Works around node:http2, which aborts the process when a session is collected before one of its broken streams.
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'

/** Holds the native side of sessions for as long as streams registered with it are not collected. */
const held = new FinalizationRegistry<object>(() => {})

/**
 * The native object behind a session that has connected; node lets go of it as soon as the session is destroyed.
 * Undefined where node has hidden it elsewhere, and has hopefully mended what this is for.
 */
export function nativeSession(session: ClientHttp2Session): object | undefined {
  const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'kHandle')
  return key && (session as unknown as Record<symbol, object | undefined>)[key]
}

/**
 * A stream whose head was refused midway holds fields of it until it is collected, and `~Http2Session` of
 * node_http2.cc asserts that none is held any more. Which of the two goes first in one collection is chance.
 */
export function outlive(session: object | undefined, stream: ClientHttp2Stream): void {
  if (session) held.register(stream, session)
}
