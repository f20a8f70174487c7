// Bytes that are no request: answered in the shape of every other refusal, and the connection closed.
import { createServer, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { refuseMalformed } from '../../../src/edge/malformed-request.ts'
import { TurnShare } from '../../../src/edge/turn-share.ts'
import { eventually, listen, RawClient, turns } from './wire.ts'

/** A connection on which the given failure is refused. */
async function refused(code: string | undefined): Promise<{ client: RawClient; socket: Socket }> {
  const sockets: Socket[] = []
  const port = await listen(createTcpServer((socket) => void sockets.push(socket)))
  const client = await RawClient.connect(port)
  await eventually(() => sockets.length > 0)
  const socket = sockets[0]!
  refuseMalformed(() => {}, new TurnShare())(code === undefined ? {} : { code }, socket)
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

  it('is not tried on a connection that was reset', async () => {
    const { client, socket } = await refused('ECONNRESET')
    expect(socket.destroyed).toBe(true)
    expect(await client.ended()).toBe('')
  })

  it('is given once, however many packets follow', async () => {
    const { client, socket } = await refused('HPE_INVALID_METHOD')
    refuseMalformed(() => {}, new TurnShare())({ code: 'HPE_INVALID_METHOD' }, socket)
    expect((await client.ended()).match(/HTTP\/1\.1 400/g)).toHaveLength(1)
  })
})

describe('as the answer of a server', () => {
  async function server(handle: Parameters<typeof createServer>[1] = () => {}) {
    const http = createServer(handle as Parameters<typeof createServer>[1] & object)
    http.on(
      'clientError',
      refuseMalformed(() => {}, new TurnShare()),
    )
    return RawClient.connect(await listen(http))
  }

  it('is written behind the answers that are under way, in order', async () => {
    const answers: ServerResponse[] = []
    const client = await server((_request, response) => void answers.push(response))
    client.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n')
    await eventually(() => answers.length === 2)
    client.write('more nonsense\r\n\r\n')
    await turns()
    answers[1]!.end('second')
    answers[0]!.end('first')
    expect(await client.ended()).toMatch(/\r\n\r\nfirstHTTP\/1\.1 200 [\s\S]*\r\n\r\nsecondHTTP\/1\.1 400 /)
  })

  it('is not written at all behind an answer that ends the connection', async () => {
    const answers: ServerResponse[] = []
    const client = await server((_request, response) => void answers.push(response))
    client.write('GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => answers.length === 1)
    await turns()
    answers[0]!.end('last')
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nlast$/)
  })

  it('is not written into the answer to a body that breaks', async () => {
    const client = await server((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-length': 1000 })
      response.write('first part')
    })
    client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    await client.until((received) => received.endsWith('first part'))
    client.write('zz\r\n')
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
