// The head of an answer over HTTP/1.1 as text: what a service sent as bytes leaves as the same bytes.
import { type IncomingMessage, ServerResponse } from 'node:http'
import { KnownFields } from '../known-fields.ts'

const LENGTH = 1
const DATE = 2
const CONNECTION = 3
/** Upgrades, and what only answers of Node itself have. */
const LEFT_TO_NODE = 4

const known = new KnownFields([
  ['content-length', LENGTH],
  ['date', DATE],
  ['connection', CONNECTION],
  ...['expect', 'keep-alive', 'trailer', 'transfer-encoding'].map((name) => [name, LEFT_TO_NODE] as const),
])

/** What Node's own writer reads and leaves behind: it is not in its types. */
interface NodeResponse {
  _header: string
  _headerSent: boolean
  _last: boolean
  readonly _hasBody: boolean
  readonly _keepAliveTimeout: number
  readonly maxRequestsOnConnectionReached: boolean
  _send(data: string, encoding: 'latin1'): void
}

interface NodeWriter {
  _storeHeader(this: ServerResponse, statusLine: string, headers: unknown): void
}

const { _storeHeader: storeHeader } = ServerResponse.prototype as unknown as NodeWriter

interface Head {
  readonly fields: string
  readonly isSized: boolean
  readonly isDated: boolean
  readonly closes: boolean
}

/**
 * Node's writer reads a Content-Disposition behind a Content-Length as UTF-8 and writes it as latin1, and a head that is
 * sent ahead of its body the other way round. It also looks at each name and each value three times, which
 * took 2.5 of 41 us a request.
 */
export class EdgeResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
  /** Called by `writeHead`. Throws a TypeError when a name or value cannot be sent; nothing has been stored then. */
  _storeHeader(statusLine: string, headers: unknown): void {
    const head = Array.isArray(headers) ? readHead(headers) : undefined
    if (head === undefined) {
      storeHeader.call(this, statusLine, headers)
      return
    }
    const node = this as unknown as NodeResponse
    node._header = `${statusLine}${head.fields}${this.#connection(head)}${this.#framing(head)}\r\n`
    node._headerSent = false
  }

  override flushHeaders(): void {
    if (this.headersSent) (this as unknown as NodeResponse)._send('', 'latin1')
    else super.flushHeaders()
  }

  #framing({ isSized, isDated }: Head): string {
    const node = this as unknown as NodeResponse
    const date = isDated ? '' : `Date: ${new Date().toUTCString()}\r\n`
    if (isSized || !node._hasBody) return date
    // A client of HTTP/1.0 reads until the connection ends.
    if (this.useChunkedEncodingByDefault) this.chunkedEncoding = true
    else node._last = true
    return this.chunkedEncoding ? `${date}Transfer-Encoding: chunked\r\n` : date
  }

  #connection({ closes, isSized }: Head): string {
    const node = this as unknown as NodeResponse
    const keeps = this.shouldKeepAlive && !closes && (isSized || this.useChunkedEncodingByDefault)
    if (keeps && !node.maxRequestsOnConnectionReached) return keepAlive(node._keepAliveTimeout)
    node._last = true
    return 'Connection: close\r\n'
  }
}

/** Undefined when a field is left to Node. */
function readHead(pairs: readonly string[]): Head | undefined {
  let fields = ''
  let isSized = false
  let isDated = false
  let closes = false
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]!
    const value = pairs[at + 1]!
    const field = known.find(name)
    if (field === undefined || !field.allows(value)) throw new TypeError(`cannot be written: ${name}`)
    switch (field.kind) {
      case LENGTH:
        isSized = true
        break
      case DATE:
        isDated = true
        break
      case CONNECTION:
        if (value !== 'close') return undefined
        closes = true
        continue
      case LEFT_TO_NODE:
        return undefined
    }
    fields += `${name}: ${value}\r\n`
  }
  return { fields, isSized, isDated, closes }
}

let lastTimeoutMs = 0
let lastText = ''

function keepAlive(timeoutMs: number): string {
  if (timeoutMs !== lastTimeoutMs) {
    lastTimeoutMs = timeoutMs
    lastText = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(timeoutMs / 1000)}\r\n`
  }
  return lastText
}
