// A request's head as text: checked name by name and value by value, so that nothing in it can end it early.
import { GatewayError } from '../../errors.ts'
import { isFieldName } from '../../headers.ts'
import { KnownFields } from '../../known-fields.ts'
import type { Outgoing } from '../transmission.ts'

// In the negative, as the method's: V8 keeps what a pattern has found, which costs as much again.
const NOT_IN_TARGET = /[^\x21-\x7e\x80-\xff]/
const SLASH = 0x2f
/** RFC 9110 section 8.6: without a body these say so. */
const EXPECT_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

const OURS = 1
const LENGTH = 2
const HOST = 3

const known = new KnownFields([
  ...['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'expect'].map(
    (name) => [name, OURS] as const,
  ),
  ['content-length', LENGTH],
  ['host', HOST],
])

/**
 * The whole head, in latin1. What frames the body is written from the body alone, whatever the headers say.
 * `host` is for requests that name none. Throws INTERNAL_ERROR for what may not be sent.
 */
export function writeRequestHead(request: Outgoing, host: string): string {
  const { method, path, headers } = request
  // A 200 to CONNECT would be the end of HTTP on the connection.
  if (!isFieldName(method) || method === 'CONNECT') throw unsendable('method')
  if (path.charCodeAt(0) !== SLASH || NOT_IN_TARGET.test(path)) throw unsendable('path')
  let hosted = false
  let framed = false
  let fields = ''
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    const field = known.find(name)
    if (field === undefined) throw unsendable('header name')
    const { kind } = field
    if (kind === LENGTH) {
      // Where it stood, as it was spelled.
      if (!framed) fields += lengthField(name, request)
      framed = true
      continue
    }
    if (kind === OURS || (kind === HOST && hosted)) throw unsendable('header')
    if (kind === HOST) hosted = true
    const line = field.line(headers[at + 1]!)
    if (line === undefined) throw unsendable('header')
    fields += line
  }
  const start = hosted ? `${method} ${path} HTTP/1.1\r\n` : `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`
  return `${start}${fields}${ourFields(request, framed)}\r\n`
}

function lengthField(name: string, { body, length }: Outgoing): string {
  if (body && length === undefined) return ''
  return `${name}: ${body ? length : 0}\r\n`
}

function ourFields({ method, body, length, upgrade, expectsContinue }: Outgoing, framed: boolean): string {
  let fields = ''
  if (body && length === undefined) fields = 'Transfer-Encoding: chunked\r\n'
  else if (!framed && (body || EXPECT_BODY.has(method))) fields = `Content-Length: ${length ?? 0}\r\n`
  if (expectsContinue) fields += 'Expect: 100-continue\r\n'
  if (upgrade) fields += 'Connection: upgrade\r\nUpgrade: websocket\r\n'
  return fields
}

function unsendable(part: string): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { cause: new Error(`the ${part} of a request may not be sent`) })
}
