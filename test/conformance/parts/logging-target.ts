// A target that reads requests byte by byte as RFC 9112 writes them, without a library, and logs each of them.
import type { Socket } from 'node:net'
import { startRawTarget } from '../../support/target-server.ts'

export interface LoggedRequest {
  readonly method: string
  readonly target: string
  /** name, value, name, value ... as they came. */
  readonly pairs: readonly string[]
  /** Everything as it came, the framing of the body included. */
  readonly raw: string
  readonly body: string
  readonly trailers: readonly string[]
}

export interface LoggingTarget {
  readonly url: string
  /** Whole requests, oldest first. */
  readonly seen: LoggedRequest[]
  /** Bytes that are no request and can become none. */
  readonly garbage: string[]
  readonly sockets: ReadonlySet<Socket>
  close(): Promise<void>
}

/** Present in every answer of the target, and in no answer of a gateway. */
export const SERVED = 'X-Served-By-Target'

const ANSWER = `HTTP/1.1 200 OK\r\n${SERVED}: 1\r\nContent-Length: 2\r\n\r\nok`

export async function startLoggingTarget(): Promise<LoggingTarget> {
  const seen: LoggedRequest[] = []
  const garbage: string[] = []
  const target = await startRawTarget((socket) => {
    let rest = ''
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1')
      try {
        for (let read = readRequest(rest); read; read = readRequest(rest)) {
          seen.push(read)
          rest = rest.slice(read.raw.length)
          socket.write(ANSWER)
        }
      } catch (error) {
        garbage.push(`${String(error)}: ${JSON.stringify(rest)}`)
        socket.destroy()
      }
    })
  })
  return { url: target.url, seen, garbage, sockets: target.sockets, close: target.close }
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\S+) HTTP\/1\.1$/
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/

/** Undefined while more must come; throws on what is no request. */
function readRequest(text: string): LoggedRequest | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first, ...lines] = text.slice(0, headEnd).split('\r\n')
  const line = REQUEST_LINE.exec(first!)
  if (!line) throw new Error('no request line')
  const pairs = readFields(lines)
  const body = readBody(text, headEnd + 4, pairs)
  if (!body) return undefined
  const raw = text.slice(0, body.end)
  return { method: line[1]!, target: line[2]!, pairs, raw, body: body.content, trailers: body.trailers }
}

interface Body {
  readonly content: string
  readonly trailers: readonly string[]
  /** Where the next request begins. */
  readonly end: number
}

function readBody(text: string, start: number, pairs: readonly string[]): Body | undefined {
  const lengths = valuesOf(pairs, 'content-length')
  const codings = valuesOf(pairs, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Error('framed twice')
  if (codings.length === 1) {
    if (codings[0]!.toLowerCase() !== 'chunked') throw new Error('odd coding')
    return readChunks(text, start)
  }
  if (lengths.length === 1 && !/^\d+$/.test(lengths[0]!)) throw new Error('odd length')
  const end = start + Number(lengths[0] ?? 0)
  return text.length < end ? undefined : { content: text.slice(start, end), trailers: [], end }
}

function readChunks(text: string, start: number): Body | undefined {
  let content = ''
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const sizeLine = text.slice(at, lineEnd)
    if (!/^[0-9a-fA-F]+$/.test(sizeLine)) throw new Error('odd chunk size')
    const size = Number.parseInt(sizeLine, 16)
    if (size === 0) return readTrailers(text, lineEnd + 2, content)
    at = lineEnd + 2 + size
    if (text.length < at + 2) return undefined
    if (text.slice(at, at + 2) !== '\r\n') throw new Error('odd chunk end')
    content += text.slice(at - size, at)
    at += 2
  }
}

function readTrailers(text: string, start: number, content: string): Body | undefined {
  if (text.startsWith('\r\n', start)) return { content, trailers: [], end: start + 2 }
  const end = text.indexOf('\r\n\r\n', start)
  if (end < 0) return undefined
  return { content, trailers: readFields(text.slice(start, end).split('\r\n')), end: end + 4 }
}

function readFields(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const field = FIELD_LINE.exec(line)
    if (!field) throw new Error('no field line')
    return [field[1]!, field[2]!]
  })
}

/** Every value of a field, in order; the name in lower case. */
export function valuesOf(pairs: readonly string[], name: string): string[] {
  return pairs.filter((_, at) => at % 2 === 1 && pairs[at - 1]!.toLowerCase() === name)
}
