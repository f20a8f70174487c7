// HTTP/2 in front of services of HTTP/1.1: what a client sends arrives whole, what a service answers comes back whole.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const LARGE = 8 * 1024 * 1024
/** What lies between a client that does not read and the service: windows, buffers of sockets. */
const MAX_AHEAD = 6 * 1024 * 1024

let target: TargetServer
let gateway: TestGateway
const sessions: ClientHttp2Session[] = []

beforeAll(async () => {
  target = await startTarget()
  const { cert, key } = issueCertificate(['gw.test', '*.wild.test'])
  gateway = await startTestGateway(
    `
listeners:
  clear: { protocol: h2c, address: "127.0.0.1:0" }
  secure: { address: "127.0.0.1:0", tls: { certificates: { cert: cert.pem, key: key.pem } } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
})

const echo = () => {
  target.answer = (request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end(request.body)
  }
}

afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy()
  target.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

function open(listener: 'clear' | 'secure', servername = 'gw.test'): ClientHttp2Session {
  const { [listener]: url } = gateway.gateway.addresses.listeners
  const session = connect(url!, { rejectUnauthorized: false, servername })
  session.on('error', () => {})
  sessions.push(session)
  return session
}

interface Answer {
  readonly head: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders | undefined
}

function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders | undefined
    const chunks: Buffer[] = []
    stream.on('response', (received) => {
      head = received
    })
    stream.on('trailers', (received) => {
      trailers = received
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    stream.on('end', () => resolve({ head, body: Buffer.concat(chunks).toString('latin1'), trailers }))
  })
}

const AUTHORITY = { ':authority': 'gw.test' }

describe.each(['clear', 'secure'] as const)('a request over HTTP/2 (%s)', (listener) => {
  it('arrives with its fields, its cookies as one, its host and its body', async () => {
    echo()
    const stream = open(listener).request({
      ...AUTHORITY,
      ':method': 'POST',
      ':path': '/a?b=c',
      'x-multi': ['1', '2'],
      cookie: ['a=1', 'b=2'],
    })
    stream.end('hello')
    const { head, body } = await answerOf(stream)
    expect(head).toMatchObject({ ':status': 200, 'content-type': 'text/plain' })
    expect(body).toBe('hello')
    expect(target.seen[0]).toMatchObject({ method: 'POST', url: '/a?b=c', body: 'hello' })
    expect(target.seen[0]!.headers).toMatchObject({
      host: 'gw.test',
      cookie: 'a=1; b=2',
      'x-multi': '1, 2',
      'x-forwarded-proto': listener === 'secure' ? 'https' : 'http',
      'x-forwarded-host': 'gw.test',
    })
  })

  it('without a body has none behind the gateway either', async () => {
    echo()
    await answerOf(open(listener).request({ ...AUTHORITY, ':path': '/x' }))
    expect(target.seen[0]!.headers).not.toHaveProperty('transfer-encoding')
    expect(target.seen[0]!.headers).not.toHaveProperty('content-length')
  })

  it.each(['HEAD', 'DELETE', 'OPTIONS', 'QUERY'])('may be %s', async (method) => {
    echo()
    const stream = open(listener).request({ ...AUTHORITY, ':method': method, ':path': '/x' })
    stream.end()
    expect((await answerOf(stream)).head[':status']).toBe(200)
    expect(target.seen).toMatchObject([{ method }])
  })

  it('of which many share a connection is answered each by itself', async () => {
    target.answer = (request, response) => void response.end(request.url)
    const session = open(listener)
    const paths = Array.from({ length: 80 }, (_, at) => `/${at}`)
    const answers = await Promise.all(
      paths.map((path) => answerOf(session.request({ ...AUTHORITY, ':path': path }))),
    )
    expect(answers.map(({ body }) => body)).toEqual(paths)
  })

  it('may be large, both ways', async () => {
    echo()
    const stream = open(listener).request({ ...AUTHORITY, ':method': 'POST', ':path': '/x' })
    stream.end(Buffer.alloc(LARGE, 'x'))
    expect((await answerOf(stream)).body.length).toBe(LARGE)
    expect(target.seen[0]!.body.length).toBe(LARGE)
  })
})

describe('an answer over HTTP/2', () => {
  it('has no field that belongs to a connection, and each Set-Cookie for itself', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, [
        'Set-Cookie',
        'a=1',
        'Keep-Alive',
        'timeout=5',
        'Set-Cookie',
        'b=2',
        'X-A',
        '1',
      ])
      response.end('ok')
    }
    const { head } = await answerOf(open('clear').request({ ...AUTHORITY, ':path': '/x' }))
    expect(head['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(head).toMatchObject({ 'x-a': '1', 'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/) })
    for (const name of ['connection', 'keep-alive', 'transfer-encoding'])
      expect(head).not.toHaveProperty(name)
  })

  it.each([
    ['small', 'ok', false],
    ['large', 'x'.repeat(LARGE), false],
    ['streamed', 'yz', true],
  ])('keeps each byte of its fields, obs-text and UTF-8 (%s)', async (_size, text, isStreamed) => {
    const values = {
      'x-obs': 'caf\u00e9 \u0080\u00ff',
      'x-utf8': Buffer.from('\u00e9 \u20ac \u{1f600}').toString('latin1'),
    }
    target.answer = (_request, response) => {
      response.writeHead(200, values)
      if (isStreamed) response.write(Buffer.from('x'))
      setImmediate(() => response.end(Buffer.from(text)))
    }
    const { head, body } = await answerOf(open('clear').request({ ...AUTHORITY, ':path': '/x' }))
    expect(head).toMatchObject(values)
    expect(body).toBe(isStreamed ? `x${text}` : text)
  })

  it('brings the trailers of the service', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('body')
      response.addTrailers({ 'x-sum': '42' })
      response.end()
    }
    const { body, trailers } = await answerOf(open('clear').request({ ...AUTHORITY, ':path': '/x' }))
    expect(body).toBe('body')
    expect(trailers).toMatchObject({ 'x-sum': '42' })
  })

  it('comes as it is written: the head before the body, events one by one', async () => {
    const written = Promise.withResolvers<(text: string) => void>()
    target.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      written.resolve((text) => (text === '' ? response.end() : response.write(text)))
    }
    const stream = open('clear').request({ ...AUTHORITY, ':path': '/events' })
    let seen = ''
    stream.setEncoding('utf8').on('data', (chunk) => {
      seen += chunk
    })
    const head = await new Promise<IncomingHttpHeaders>((resolve) => stream.on('response', resolve))
    expect(head['content-type']).toBe('text/event-stream')
    const write = await written.promise
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      write(text)
      await expect.poll(() => seen).toContain(text)
    }
    write('')
  })

  it('that breaks off at the service is cut, never a clean end', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      setImmediate(() => response.destroy())
    }
    const answer = answerOf(open('clear').request({ ...AUTHORITY, ':path': '/x' }))
    await expect(answer).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
  })

  it('holds the service back while the client does not read (H2-21)', async () => {
    let written = 0
    target.answer = (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const write = () => {
        if (response.destroyed) return
        written += chunk.length
        if (response.write(chunk)) setImmediate(write)
      }
      response.on('drain', write)
      write()
    }
    const stream = open('clear').request({ ...AUTHORITY, ':path': '/x' })
    await new Promise((resolve) => stream.on('response', resolve))
    let before = -1
    // Still for a while: nothing but the client's windows and the buffers on the way has been filled.
    await expect
      .poll(
        () => {
          const still = written === before
          before = written
          return still
        },
        { interval: 300 },
      )
      .toBe(true)
    expect(written).toBeLessThan(MAX_AHEAD)
    stream.close()
  })
})

describe('a request that the gateway refuses', () => {
  it('is a problem document, and the connection serves on', async () => {
    const session = open('clear')
    const refused = await answerOf(session.request({ ...AUTHORITY, ':path': '/a/../../b' }))
    expect(refused.head[':status']).toBe(400)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'INVALID_PATH' })
    echo()
    expect((await answerOf(session.request({ ...AUTHORITY, ':path': '/x' }))).head[':status']).toBe(200)
  })

  it('while its body comes is told to stop, without an error', async () => {
    const stream = open('clear').request({ ...AUTHORITY, ':method': 'TRACE', ':path': '/x' })
    stream.write(Buffer.alloc(1000))
    const { head } = await answerOf(stream)
    expect(head[':status']).toBe(501)
    await expect.poll(() => stream.closed).toBe(true)
    expect(stream.rstCode).toBe(0)
  })
})

describe('the name of a TLS connection', () => {
  it('is the name of its requests, or they are misdirected', async () => {
    echo()
    const session = open('secure')
    const other = await answerOf(session.request({ ':authority': 'other.test', ':path': '/x' }))
    expect(other.head[':status']).toBe(421)
    expect(JSON.parse(other.body)).toMatchObject({ code: 'MISDIRECTED_REQUEST' })
    expect((await answerOf(session.request({ ...AUTHORITY, ':path': '/x' }))).head[':status']).toBe(200)
    expect(target.seen).toHaveLength(1)
  })
})
