// An answer read from bytes in pieces: what became of it, told by our parser and by Node's own.
import { createRequire } from 'node:module'
import { GatewayError } from '../../../../src/errors.ts'
import { isHopByHop, mayTrail } from '../../../../src/headers.ts'
import { type Expected, ResponseParser } from '../../../../src/upstream/http1/response-parser.ts'

/** Room for what a test sends. */
export const MAX_HEAD = 4096

export interface Parsed {
  /** `whole`, `cut` by the end of the connection, or no answer at all. */
  readonly outcome: 'whole' | 'cut' | 'invalid'
  readonly heads: readonly (readonly [status: number, pairs: readonly string[]])[]
  readonly body: string
  readonly trailers: readonly string[]
  /** Bytes behind the answer. */
  readonly left: number
}

const PLAIN: Expected = { toHead: false, upgrade: false }

/** Cut at these places; those that are outside or double do not count. */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places)].filter((place) => place > 0 && place < bytes.length).sort((a, b) => a - b)
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index]))
}

/** The connection ends behind the last piece. */
export function parse(pieces: readonly Buffer[], expected: Expected = PLAIN): Parsed {
  const heads: (readonly [number, readonly string[]])[] = []
  const body: Buffer[] = []
  const parser = new ResponseParser(
    {
      onHead: ({ status, headers }) => void heads.push([status, headers.pairs]),
      onData: (bytes) => void body.push(Buffer.from(bytes)),
    },
    MAX_HEAD,
  )
  parser.begin(expected)
  const told = (outcome: Parsed['outcome'], left = 0): Parsed => {
    return { outcome, heads, body: Buffer.concat(body).toString('latin1'), trailers: parser.trailers, left }
  }
  let left = 0
  for (const piece of pieces) {
    try {
      left += piece.length - parser.take(piece)
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.code === 'UPSTREAM_INVALID_RESPONSE')
        return told('invalid')
      throw thrown
    }
  }
  return told(parser.end() ? 'whole' : 'cut', left)
}

interface NodeParser {
  [event: number]: (...facts: never[]) => unknown
  initialize(kind: number, resource: object): void
  execute(bytes: Buffer): number | Error
}

type NodeParserClass = { new (): NodeParser } & Readonly<
  Record<'RESPONSE' | 'kOnHeaders' | 'kOnHeadersComplete' | 'kOnBody' | 'kOnMessageComplete', number>
>

// Nowhere public, and nothing else says what Node's own client would make of the bytes.
const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
  readonly HTTPParser: NodeParserClass
}

export interface NodeParsed extends Pick<Parsed, 'heads' | 'body' | 'trailers'> {
  /** Before the end of the first final answer. */
  readonly failed: boolean
}

/** llhttp, strict as Node uses it, up to the end of the first final answer. */
export function parseByNode(bytes: Buffer): NodeParsed {
  const heads: [number, string[]][] = []
  const body: Buffer[] = []
  let raw: string[] = []
  let trailers: string[] = []
  let done = false
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.RESPONSE, {})
  const on = (event: number, listener: (...facts: never[]) => unknown) => {
    parser[event] = (...facts) => (done ? 0 : listener(...facts))
  }
  on(HTTPParser.kOnHeaders, (pairs: string[]) => void raw.push(...pairs))
  on(HTTPParser.kOnHeadersComplete, (...facts: never[]) => {
    const [, , pairs, , , status] = facts as unknown as [0, 0, string[] | undefined, 0, 0, number]
    heads.push([status, passed([...raw, ...(pairs ?? [])], status)])
    raw = []
    return 0
  })
  on(HTTPParser.kOnBody, (part: Buffer) => void body.push(Buffer.from(part)))
  on(HTTPParser.kOnMessageComplete, () => {
    done = heads.at(-1)![0] >= 200
    trailers = raw
    raw = []
  })
  const failed = parser.execute(bytes) instanceof Error && !done
  return { failed, heads, body: Buffer.concat(body).toString('latin1'), trailers: chosen(trailers, mayTrail) }
}

function passed(raw: readonly string[], status: number): string[] {
  const lengthless = status < 200 || status === 204
  const listed = raw
    .filter((_text, at) => at % 2 === 1 && raw[at - 1]!.toLowerCase() === 'connection')
    .flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()))
    .filter((name) => name !== 'close' && name !== 'keep-alive')
  return chosen(
    raw,
    (name) => !isHopByHop(name) && !listed.includes(name) && !(lengthless && name === 'content-length'),
  )
}

function chosen(raw: readonly string[], isPassed: (lowerName: string) => boolean): string[] {
  return raw.flatMap((name, at) => (at % 2 === 0 && isPassed(name.toLowerCase()) ? [name, raw[at + 1]!] : []))
}
