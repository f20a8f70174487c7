// Takes `100 Continue` out of a target's bytes: RFC 9110 section 15.2 says to accept it, undici closes instead.
import type { Socket } from 'node:net'

const CONTINUE_START = 'HTTP/1.1 100'
// A request head as undici writes it: always a string, method first. Body chunks are buffers.
const REQUEST_HEAD = /^[A-Z-]+ \S+ HTTP\/1\.1\r\n/
/** An interim head longer than this is left to the parser, which refuses it. */
const MAX_INTERIM_BYTES = 8 * 1024

/** The same socket, its `read` without `100 Continue` heads between a request and its response. */
export function tolerateContinue<S extends Socket>(socket: S): S {
  const read = socket.read.bind(socket)
  const write = socket.write.bind(socket)
  let awaitingHead = false
  let held: Buffer | undefined

  socket.write = ((chunk: unknown, ...rest: never[]) => {
    if (typeof chunk === 'string' && REQUEST_HEAD.test(chunk)) awaitingHead = true
    return (write as (...all: unknown[]) => boolean)(chunk, ...rest)
  }) as S['write']

  socket.read = ((size?: number) => {
    const chunk = read(size) as Buffer | null
    if (!awaitingHead || chunk === null) return chunk
    const bytes: Buffer = held ? Buffer.concat([held, chunk]) : chunk
    held = undefined
    const rest = skipContinue(bytes)
    if (rest === 'incomplete') {
      held = bytes
      return null
    }
    if (rest.length === 0) return null
    awaitingHead = false
    return rest
  }) as S['read']
  return socket
}

function skipContinue(bytes: Buffer): Buffer | 'incomplete' {
  let rest = bytes
  while (startsLikeContinue(rest)) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return rest.length < MAX_INTERIM_BYTES ? 'incomplete' : rest
    rest = rest.subarray(end + 4)
  }
  return rest
}

function startsLikeContinue(bytes: Buffer): boolean {
  if (bytes.length === 0) return false
  const length = Math.min(bytes.length, CONTINUE_START.length)
  return bytes.toString('latin1', 0, length) === CONTINUE_START.slice(0, length)
}
