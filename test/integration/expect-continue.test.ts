// `Expect: 100-continue`: the service decides whether the body is sent, and the gateway where there is none.
import { once } from 'node:events'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { CONTINUE_WAIT_MS } from '../../src/upstream/transmission.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { startRawTarget, startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway

const config = (...targets: string[]) => `
accessLog: false
auth: { keys: { type: apiKey } }
consumers: { acme: { apiKey: a-key-of-sixteen-or-more } }
services:
  api:
    targets: [${targets.join(', ')}]
    balance: roundRobin
    auth: none
    routes:
      open: /*
      guarded: { match: /guarded, auth: keys }
      small: { match: /small, bodyLimit: 1KB }
      again: { match: /again, retry: { attempts: 3 } }
`

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(config(target.url))
})

afterEach(async () => {
  await gateway.stop()
  await target.close()
})

/** A client that sends its body when it is asked to, and not before; resolves with all that came. */
function upload(path: string, { length = 3, version = '1.1' } = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    let sent = version === '1.0'
    const body = 'a'.repeat(length)
    const head = `POST ${path} HTTP/${version}\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
    socket.write(sent ? head + body : head)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (!sent && received.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) {
        sent = true
        socket.write(body)
      }
      if (/HTTP\/1\.1 [2-5]\d\d [\s\S]*\r\n\r\n[^\r]*\}$/.test(received)) socket.destroy()
    })
    socket.on('close', () => resolve(received))
  })
}

/** The same of a client that sends its body unasked. */
function uploadUnasked(): Promise<string> {
  return sendRaw(
    gateway.port,
    'POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\naaa',
  )
}

describe('a client that waits for 100 Continue', () => {
  it('is asked for its body, once, and served', async () => {
    expect(await upload('/a')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(target.seen.map(({ body, headers }) => [body, headers.expect])).toEqual([['aaa', '100-continue']])
  })

  it.each([
    ['/guarded', 401],
    ['/small', 413],
  ])('is refused before it has sent anything: %s %d', async (path, status) => {
    const answer = await upload(path, { length: 5000 })
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(target.seen).toEqual([])
  })

  it('is told that no target is there before it has sent anything', async () => {
    await gateway.reload(config('http://127.0.0.1:9'))
    expect(await upload('/a', { length: 5000 })).toMatch(/^HTTP\/1\.1 502 /)
  })

  it('is asked once, however many targets are tried', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => gone.once('listening', resolve))
    const { port } = gone.address() as { port: number }
    await new Promise((resolve) => gone.close(resolve))
    await gateway.reload(config(`http://127.0.0.1:${port}`, target.url))
    for (let time = 0; time < 2; time++) {
      expect(await upload('/again')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    }
  })

  it('is asked once, when the service asks twice', async () => {
    const raw = await startRawTarget((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)))
      socket.on('data', (bytes) => {
        if (bytes.toString().endsWith('aaa')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
      })
    })
    await gateway.reload(config(raw.url))
    expect(await upload('/a')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    await raw.close()
  })

  it.each([413, 417, 200])('gets the answer of a service that wants no body: %d', async (status) => {
    let received = ''
    const raw = await startRawTarget((socket) =>
      socket.on('data', (bytes) => {
        received += bytes
        socket.write(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 2\r\n\r\n{}`)
      }),
    )
    await gateway.reload(config(raw.url))
    const answer = await upload('/a', { length: 5000 })
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    // What the client might still send has no meaning on either connection.
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(received).toMatch(/Expect: 100-continue\r\n\r\n$/)
    await expect.poll(() => raw.sockets.size).toBe(0)
    await raw.close()
  })

  it('sends its body to nobody when the answer has begun without it', async () => {
    let received = ''
    const raw = await startRawTarget((socket) =>
      socket.on('data', (bytes) => {
        received += bytes
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{')
        // The gateway would have lost its patience by then.
        setTimeout(() => socket.write('}'), CONTINUE_WAIT_MS)
      }),
    )
    await gateway.reload(config(raw.url))
    expect(await uploadUnasked()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\{\}$/)
    expect(received).toMatch(/Expect: 100-continue\r\n\r\n$/)
    await raw.close()
  })

  it('is asked after a while for a service that knows no expectations', async () => {
    const raw = await startRawTarget((socket) =>
      socket.on('data', (bytes) => {
        if (bytes.toString().endsWith('aaa')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
      }),
    )
    await gateway.reload(config(raw.url))
    expect(await upload('/a')).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    await raw.close()
  })

  it('is not asked over HTTP/1.0, where it cannot be waiting', async () => {
    expect(await upload('/a', { version: '1.0' })).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })
})

describe('a client that waits for 100 Continue, and a service that speaks HTTP/2', () => {
  /** Sends one upload to a service that does this with it; resolves with what the client and the service have seen. */
  async function uploadTo(
    serve: (stream: ServerHttp2Stream) => void,
    send = () => upload('/a', { length: 5000 }),
  ) {
    const expectations: unknown[] = []
    let bytes = 0
    const server = createHttp2Server()
    server.on('session', (session) => onTestFinished(() => session.destroy()))
    server.on('stream', (stream, headers) => {
      expectations.push(headers.expect)
      stream.on('error', () => {})
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      serve(stream)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    await gateway.reload(config(`h2c://127.0.0.1:${(server.address() as AddressInfo).port}`))
    const answer = await send()
    return { answer, bytes, expectations }
  }

  const answerBehindBody = (stream: ServerHttp2Stream) => stream.on('end', () => stream.end('{}'))

  it('is asked for its body when the service asks, once', async () => {
    const seen = await uploadTo((stream) => {
      stream.additionalHeaders({ ':status': 100 })
      stream.additionalHeaders({ ':status': 100 })
      answerBehindBody(stream)
    })
    expect(seen.answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(seen).toMatchObject({ bytes: 5000, expectations: ['100-continue'] })
  })

  it.each([413, 200])('gets the answer of a service that wants no body: %d', async (status) => {
    const seen = await uploadTo((stream) => {
      stream.respond({ ':status': status })
      stream.end('{}')
    })
    expect(seen.answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(seen.answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(seen.bytes).toBe(0)
  })

  it('sends its body to nobody when the answer has begun without it', async () => {
    const seen = await uploadTo((stream) => {
      stream.respond({ ':status': 200 })
      stream.write('{')
      setTimeout(() => stream.end('}'), CONTINUE_WAIT_MS)
    }, uploadUnasked)
    expect(seen.answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(seen.bytes).toBe(0)
  })

  it('is asked after a while for a service that knows no expectations', async () => {
    const seen = await uploadTo(answerBehindBody)
    expect(seen.answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
    expect(seen.bytes).toBe(5000)
  })
})
