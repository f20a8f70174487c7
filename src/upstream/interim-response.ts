// What undici cannot do on a connection: `100 Continue` is taken out of what is read (RFC 9110 section 15.2 says to
// accept it, undici closes instead), and trailers are put into what is written.
import type { Socket } from 'node:net'
import { withTrailers } from './request-trailers.ts'

const INTERIM_START = 'HTTP/1.1 1'
const CONTINUE_START = 'HTTP/1.1 100'
/** The last head of all: what follows is no HTTP. */
const SWITCH_START = 'HTTP/1.1 101'
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
    if (typeof chunk !== 'string') return (write as (...all: unknown[]) => boolean)(chunk, ...rest)
    if (REQUEST_HEAD.test(chunk)) awaitingHead = true
    return (write as (...all: unknown[]) => boolean)(withTrailers(chunk), ...rest)
  }) as S['write']

  socket.read = ((size?: number) => {
    const chunk = read(size) as Buffer | null
    if (!awaitingHead || chunk === null) return chunk
    const sifted = sift(held ? Buffer.concat([held, chunk]) : chunk)
    held = sifted.held
    awaitingHead = !sifted.final
    return sifted.passed.length === 0 ? null : sifted.passed
  }) as S['read']
  return socket
}

interface Sifted {
  /** For the parser: other interim heads, and everything from the final head on. */
  readonly passed: Buffer
  /** An interim head that is not whole yet. */
  readonly held: Buffer | undefined
  /** True when the final head has begun. */
  readonly final: boolean
}

function sift(bytes: Buffer): Sifted {
  const others: Buffer[] = []
  let rest = bytes
  while (startsLike(rest, INTERIM_START)) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0 && rest.length < MAX_INTERIM_BYTES) {
      return { passed: Buffer.concat(others), held: rest, final: false }
    }
    if (end < 0 || startsLike(rest, SWITCH_START)) break
    if (!startsLike(rest, CONTINUE_START)) others.push(rest.subarray(0, end + 4))
    rest = rest.subarray(end + 4)
  }
  const passed = others.length === 0 ? rest : Buffer.concat([...others, rest])
  return { passed, held: undefined, final: rest.length > 0 }
}

/** True when the bytes are, or may still become, a text that starts so. */
function startsLike(bytes: Buffer, start: string): boolean {
  const length = Math.min(bytes.length, start.length)
  return length > 0 && bytes.toString('latin1', 0, length) === start.slice(0, length)
}
