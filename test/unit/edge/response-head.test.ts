// Heads as they stand on the wire: the bytes that were given, and what Node would say of the connection.
import { createServer, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { EdgeResponse } from '../../../src/edge/response-head.ts'
import { listen, RawClient } from './wire.ts'

type Answering = (response: ServerResponse) => void

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
const DATE = ['Date', 'Thu, 26 Nov 2026 00:00:00 GMT']
/** UTF-8 and a single byte of latin1, as a service sent them. */
const OBS_TEXT = ['Content-Disposition', 'attachment; filename="\xc3\xa9"', 'X-Name', '\xe9']

/** All that a client gets that says no more after its request. */
async function receive(kind: typeof ServerResponse, answer: Answering, request = REQUEST): Promise<string> {
  const server = createServer({
    ServerResponse: kind as typeof ServerResponse<never>,
    keepAliveTimeout: 75_000,
  })
  server.on('request', (_request, response) => answer(response))
  const client = await RawClient.connect(await listen(server))
  client.write(request)
  client.socket.end()
  return client.ended()
}

describe('a head', () => {
  it.each<[string, Answering]>([
    [
      'with a small body',
      (response) => response.writeHead(200, 'OK', ['Content-Length', '2', ...OBS_TEXT]).end('ok', 'latin1'),
    ],
    [
      'with a large body',
      (response) => {
        response.writeHead(200, 'OK', ['Content-Length', '70000', ...OBS_TEXT])
        response.end(Buffer.alloc(70_000))
      },
    ],
    [
      'ahead of its body',
      (response) => {
        response.writeHead(200, 'OK', [...OBS_TEXT])
        response.flushHeaders()
        setImmediate(() => response.end('later'))
      },
    ],
    ['without a body', (response) => response.writeHead(204, 'No Content', [...OBS_TEXT]).end()],
  ])('has each byte of its values as it was given: %s', async (_what, answer) => {
    const [head] = (await receive(EdgeResponse, answer)).split('\r\n\r\n')
    const lines = head!.split('\r\n')
    expect(lines).toContain('Content-Disposition: attachment; filename="\xc3\xa9"')
    expect(lines).toContain('X-Name: \xe9')
  })

  it.each([
    ['a name with a space', ['X A', 'b']],
    ['no name', ['', 'b']],
    ['a line end in a value', ['X-A', 'b\r\nX-B: c']],
    ['a NUL in a value', ['X-A', 'b\0c']],
    ['a character that is no byte', ['X-A', '\u0100']],
  ])('with %s is refused, and the next one takes its place', async (_what, pairs) => {
    const faults: unknown[] = []
    const received = await receive(EdgeResponse, (response) => {
      try {
        response.writeHead(200, 'OK', pairs)
      } catch (error) {
        faults.push(error)
      }
      response.writeHead(500, 'Internal Server Error', ['Content-Length', '0']).end()
    })
    expect(faults).toEqual([expect.any(TypeError)])
    expect(received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n/)
  })
})

describe('the rest of an answer is as Node makes it', () => {
  const requests = {
    'HTTP/1.1': REQUEST,
    'HTTP/1.0': 'GET / HTTP/1.0\r\n\r\n',
    'HTTP/1.0 that asks to keep the connection': 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    'a client that closes': 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    HEAD: 'HEAD / HTTP/1.1\r\nHost: x\r\n\r\n',
  }
  const answers: Record<string, Answering> = {
    sized: (response) => response.writeHead(200, 'OK', ['Content-Length', '2', ...DATE]).end('ok', 'latin1'),
    'in parts': (response) => {
      response.writeHead(200, 'OK', DATE)
      response.flushHeaders()
      response.write('a')
      response.end('b')
    },
    empty: (response) => response.writeHead(204, 'No Content', DATE).end(),
    'not modified': (response) => response.writeHead(304, 'Not Modified', DATE).end(),
    closing: (response) =>
      response
        .writeHead(200, 'OK', ['Connection', 'close', 'Content-Length', '2', ...DATE])
        .end('ok', 'latin1'),
    'with trailers': (response) => {
      response.writeHead(200, 'OK', DATE)
      response.addTrailers([['X-Sum', '1']])
      response.end('ok')
    },
  }
  const cases = Object.entries(requests).flatMap(([to, request]) =>
    Object.entries(answers).map(([what, answer]) => [what, to, request, answer] as const),
  )
  // Fields stand in another order: what the gateway was given comes first.
  const sorted = (received: string) => {
    const [head, ...body] = received.split('\r\n\r\n')
    return [head!.split('\r\n').toSorted(), body]
  }

  it.each(cases)('%s, to %s', async (_what, _to, request, answer) => {
    const ours = await receive(EdgeResponse, answer, request)
    expect(sorted(ours)).toEqual(sorted(await receive(ServerResponse, answer, request)))
  })

  it('a Date is said when the service has said none', async () => {
    const received = await receive(EdgeResponse, (response) =>
      response.writeHead(204, 'No Content', ['X-A', '1']).end(),
    )
    expect(Date.parse(/^Date: (.*)$/m.exec(received)![1]!)).toBeGreaterThan(0)
  })
})
