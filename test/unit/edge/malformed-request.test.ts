// Bytes that are no request: answered in the shape of every other refusal, and the connection closed.
import { createServer } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { refuseMalformed } from '../../../src/edge/malformed-request.ts'
import { eventually, listen, RawClient, turns } from './wire.ts'

/** A connection on which the given failure is refused. */
async function refused(code: string | undefined): Promise<{ client: RawClient; socket: Socket }> {
  const sockets: Socket[] = []
  const port = await listen(createTcpServer((socket) => void sockets.push(socket)))
  const client = await RawClient.connect(port)
  await eventually(() => sockets.length > 0)
  const socket = sockets[0]!
  refuseMalformed(() => {})(code === undefined ? {} : { code }, socket)
  return { client, socket }
}

function parse(text: string): { line: string; headers: Record<string, string>; body: string } {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  return { line, headers: Object.fromEntries(fields.map((field) => field.split(': '))), body }
}

describe('a refusal on the bare socket', () => {
  it.each([
    ['HPE_INVALID_METHOD', '400 Bad Request', 'BAD_REQUEST'],
    ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'HEADERS_TOO_LARGE'],
    ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large', 'BODY_TOO_LARGE'],
    ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'REQUEST_TIMEOUT'],
    [undefined, '400 Bad Request', 'BAD_REQUEST'],
    ['toString', '400 Bad Request', 'BAD_REQUEST'],
  ])('for %s is %s with the code %s', async (failure, status, code) => {
    const { client } = await refused(failure)
    const { line, headers, body } = parse(await client.ended())
    const document = JSON.parse(body)
    expect(line).toBe(`HTTP/1.1 ${status}`)
    expect(document).toMatchObject({ code, status: Number(status.slice(0, 3)), source: 'client' })
    expect(headers).toEqual({
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      'X-Request-Id': document.requestId,
      'Content-Length': String(body.length),
      Connection: 'close',
    })
  })

  it('does not keep the connection of a client that never closes', async () => {
    const { client, socket } = await refused('HPE_INVALID_METHOD')
    await client.ended()
    expect(socket.destroyed).toBe(false)
    expect(socket.timeout).toBe(2000)
    socket.emit('timeout')
    expect(socket.destroyed).toBe(true)
  })

  it('is not tried on a connection that was reset, or can no longer be written', async () => {
    const { client, socket } = await refused('ECONNRESET')
    expect(socket.destroyed).toBe(true)
    expect(await client.ended()).toBe('')
    const other = await refused('HPE_INVALID_METHOD')
    refuseMalformed(() => {})({ code: 'HPE_INVALID_METHOD' }, other.socket)
    expect(other.socket.destroyed).toBe(true)
  })
})

describe('as the answer of a server', () => {
  async function server(handle: Parameters<typeof createServer>[1] = () => {}) {
    const http = createServer(handle as Parameters<typeof createServer>[1] & object)
    http.on(
      'clientError',
      refuseMalformed(() => {}),
    )
    return RawClient.connect(await listen(http))
  }

  it('is not written into an answer that is under way', async () => {
    const client = await server((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('first part')
    })
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until((received) => received.endsWith('first part'))
    client.write('nonsense\r\n\r\n')
    expect(await client.ended()).toMatch(/\r\n\r\nfirst part$/)
  })

  it('answers a request whose body breaks before its answer began', async () => {
    const client = await server((request) => void request.resume())
    client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    await turns()
    client.write('zz\r\n')
    expect(parse(await client.ended()).line).toBe('HTTP/1.1 400 Bad Request')
  })
})
