// An answer's head: its status, its headers, and how its body is framed (RFC 9112 section 6.3).
import { HeaderList } from '../../headers.ts'
import { type Fields, readFields } from './fields.ts'
import { invalid } from './invalid.ts'

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?\r\n/

/** As many digits as a number holds exactly. */
const LENGTH = /^\d{1,15}$/
const TIMEOUT_HINT = /(?:^|[,\s])timeout=(\d{1,6})/i

/** What a status line may begin with. */
const VERSION = 'HTTP/1.'

/** How much of a `Keep-Alive: timeout=` is left unused: the target's clock began before ours. */
const KEEP_ALIVE_MARGIN_MS = 2000

const NO_OPTIONS: readonly string[] = []
/** What nearly all targets that say anything say. */
const KEEP_ALIVE: readonly string[] = ['keep-alive']

export type Framing = 'none' | 'length' | 'chunked' | 'end'

export interface Head {
  readonly status: number
  readonly headers: HeaderList
  readonly framing: Framing
  /** With `length`: bytes of the body. */
  readonly length: number
  /** The connection may be used again. */
  readonly keepAlive: boolean
  /** Milliseconds that the target says it keeps it; undefined when it does not say. */
  readonly keepAliveMs: number | undefined
  /** The protocol that the connection has switched to. */
  readonly upgrade: string | undefined
}

/** False when no head begins so, whatever comes after it. */
export function mayBeHead(text: string): boolean {
  return text.startsWith(VERSION) || VERSION.startsWith(text)
}

/** `text` is a whole head up to the end of its last line, without the empty one; checked by `assertText`. */
export function readHead(text: string, toHead: boolean): Head {
  const line = STATUS_LINE.exec(text)
  if (!line) throw invalid('no status line')
  const status = Number(line[2])
  const isOld = line[1] === '0'
  const fields = readFields(text, line[0].length)
  assertFraming(fields, isOld)
  const framing = framingOf(fields, toHead || status < 200 || status === 204 || status === 304)
  const headers = new HeaderList(fields.pairs)
  // RFC 9110 section 8.6: these have none, whatever the service says.
  const lengthless = status < 200 || status === 204
  if (lengthless && fields.length !== undefined) headers.remove('content-length')
  if (fields.connection !== undefined) removeListed(headers, fields.connection)
  return {
    status,
    headers,
    framing,
    length: framing === 'length' ? Number(fields.length) : 0,
    keepAlive: framing !== 'end' && !(status === 204 && isFramed(fields)) && isKept(fields, isOld),
    keepAliveMs: fields.keepAlive === undefined ? undefined : hintOf(fields.keepAlive),
    upgrade: optionsOf(fields).includes('upgrade') ? fields.upgrade : undefined,
  }
}

function assertFraming({ coding, length }: Fields, isOld: boolean): void {
  // Several lengths, equal ones too, are joined by commas: none of them is believed.
  if (length !== undefined && !LENGTH.test(length)) throw invalid('a length that is none')
  if (coding === undefined) return
  if (length !== undefined) throw invalid('a length and a transfer coding')
  // RFC 9112 section 6.1: in HTTP/1.0 the framing is faulty. Only `chunked` is undone, and only once: the client
  // would get coded bytes as plain ones.
  if (isOld || coding.toLowerCase() !== 'chunked') throw invalid('a transfer coding that is not undone')
}

function framingOf({ coding, length }: Fields, bodyless: boolean): Framing {
  if (bodyless) return 'none'
  if (coding !== undefined) return 'chunked'
  if (length === undefined) return 'end'
  return Number(length) === 0 ? 'none' : 'length'
}

/** A body is announced. */
function isFramed({ coding, length }: Fields): boolean {
  return coding !== undefined || Number(length ?? 0) !== 0
}

function isKept(fields: Fields, isOld: boolean): boolean {
  const options = optionsOf(fields)
  return !options.includes('close') && (!isOld || options.includes('keep-alive'))
}

function optionsOf({ connection }: Fields): readonly string[] {
  if (connection === undefined) return NO_OPTIONS
  if (connection === 'keep-alive') return KEEP_ALIVE
  return connection
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
}

function hintOf(keepAlive: string): number | undefined {
  const seconds = TIMEOUT_HINT.exec(keepAlive)?.[1]
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS)
}

function removeListed(headers: HeaderList, connection: string): void {
  if (connection === 'keep-alive' || connection === 'close') return
  for (const token of connection.split(',')) {
    const name = token.trim().toLowerCase()
    if (name !== '' && name !== 'close' && name !== 'keep-alive') headers.remove(name)
  }
}
