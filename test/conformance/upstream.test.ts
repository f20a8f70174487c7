// Hostile and broken targets behind a real gateway: each has its right answer, and the process lives.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { makeCertificate } from '../unit/upstream/certificates.ts'
import { HOSTILE_ANSWERS, POISON } from './parts/hostile-answers.ts'
import { type LoggingTarget, startLoggingTarget } from './parts/logging-target.ts'
import { exchangeRaw } from './parts/raw-exchange.ts'
import { type ScriptedTarget, startScriptedTarget } from './parts/scripted-target.ts'

const PATIENCE_MS = 20_000
const MAX_GROWTH_BYTES = 32 * 1024 * 1024

// One connection to the target: what one answer leaves behind is what the next request would meet.
const config = (hostile: string, good: string) => `
accessLog: false
drain: { delay: 0s }
services:
  good: { targets: [${good}], routes: { good: /good/* } }
  hostile:
    targets: [${hostile}]
    ejection: false
    connections: { max: 1 }
    routes:
      plain: /*
      quick: { match: /quick/*, timeout: { attempt: 300ms, idle: 300ms } }
      again: { match: /again/*, retry: { attempts: 2 } }
`

let target: ScriptedTarget
let good: LoggingTarget
let gateway: ProcessGateway
let port: number

beforeAll(async () => {
  target = await startScriptedTarget()
  good = await startLoggingTarget()
  gateway = await startProcessGateway(config(target.url, good.url))
  port = Number(new URL(gateway.listen).port)
})

afterAll(async () => {
  expect(await gateway.stop()).toBe(0)
  await target.close()
  await good.close()
})

beforeEach(() => {
  target.requests.length = 0
})

const request = (path: string, fields = '', method = 'GET') =>
  `${method} ${path} HTTP/1.1\r\nHost: gw.test\r\n${fields}\r\n`
/** Behind each request on the same connection: a client connection is as good afterwards as before. */
const LAST = request('/good/last', 'Connection: close\r\n')

async function expectAlive(): Promise<void> {
  expect(await send(`${gateway.listen}/good/alive`)).toMatchObject({ status: 200 })
  expect(await send(`${gateway.listen}/next`)).toMatchObject({ status: 200, body: 'clean' })
  expect(gateway.child.exitCode).toBe(null)
}

describe('an answer', () => {
  it.each(HOSTILE_ANSWERS)('UR-$id', async ({ method, sends, ends, status, body, cut, kept, gone }) => {
    target.next((socket) => {
      if (ends) socket.end(sends, 'latin1')
      else socket.write(sends, 'latin1')
    })
    const { answers, rest, closed } = await exchangeRaw(port, request('/x', '', method) + LAST, PATIENCE_MS)
    const text = rest + answers.map((answer) => `${answer.head}\r\n\r\n${answer.body}`).join('')
    expect(closed).toBe(true)
    if (gone) expect(answers[0]!.head + answers[0]!.body).not.toMatch(gone)
    if (cut) {
      expect([answers.length, rest.slice(0, 12)]).toEqual([0, `HTTP/1.1 ${status}`])
      expect(rest).not.toMatch(/\r\n0\r\n\r\n$/)
    } else {
      const finals = answers.filter((answer) => answer.status >= 200)
      expect([finals.map((answer) => answer.status), rest]).toEqual([[status, 200], ''])
      if (body !== undefined) expect(finals[0]!.body).toBe(body)
      if (status === 502)
        expect(JSON.parse(finals[0]!.body)).toMatchObject({ source: 'upstream', status: 502 })
    }
    if (kept) expect(text).toMatch(kept)
    expect(text).not.toContain('127.0.0.1')
    await expectAlive()
  })
})

describe('an answer that comes too slowly', () => {
  it('UR-40: a head byte by byte is 504 at its limit, and its connection is closed', async () => {
    const served = Promise.withResolvers<Socket>()
    target.next((socket) => {
      served.resolve(socket)
      const timer = setInterval(() => socket.write('a'), 20)
      socket.on('close', () => clearInterval(timer))
      socket.write('HTTP/1.1 200 OK\r\nX-A: ')
    })
    expect((await send(`${gateway.listen}/quick/a`)).status).toBe(504)
    const socket = await served.promise
    await expect.poll(() => socket.destroyed).toBe(true)
    await expectAlive()
  })

  it('UR-41: a body that goes silent is cut at its limit', async () => {
    target.next((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${'a'.repeat(1000)}`)
    })
    const { answers, rest, closed } = await exchangeRaw(port, request('/quick/b') + LAST, PATIENCE_MS)
    expect([answers.length, closed]).toEqual([0, true])
    expect(rest).toMatch(/^HTTP\/1\.1 200 /)
    await expectAlive()
  })
})

describe('UR-42: an endless body to a client that reads nothing', () => {
  it('waits in the target, not in the memory of the gateway', async () => {
    const chunk = Buffer.alloc(64 * 1024)
    let written = 0
    target.next((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n')
      const pump = () => {
        for (;;) {
          written += chunk.length
          if (!socket.write(chunk)) break
        }
        socket.once('drain', pump)
      }
      pump()
    })
    const before = rssBytes()
    const client = connect(port, '127.0.0.1')
    client.pause()
    client.write(request('/big'))
    let last = -1
    const rests = () => {
      const stopped = written === last && written > 0
      last = written
      return stopped
    }
    await expect.poll(rests, { interval: 300 }).toBe(true)
    expect(written).toBeLessThan(MAX_GROWTH_BYTES)
    expect(rssBytes() - before).toBeLessThan(MAX_GROWTH_BYTES)
    client.destroy()
    await expectAlive()
  })
})

describe('UR-44: an answer while the client still uploads', () => {
  it('is delivered, and what is left of the upload is no request', async () => {
    const head = request('/upload', 'Content-Length: 1000000\r\n', 'POST')
    target.next((socket) => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'))
    const upload = `${head}${request('/smuggled')}${LAST}`
    const { answers, closed } = await exchangeRaw(port, upload, PATIENCE_MS)
    expect(closed).toBe(true)
    expect(answers.map(({ status, body }) => [status, body])).toEqual([[413, 'big']])
    expect(target.requests.filter((one) => one.startsWith('GET /smuggled'))).toEqual([])
    await expectAlive()
  })
})

describe('bytes that nobody asked for', () => {
  it('UR-45: a body behind the head that answers HEAD never reaches the next request', async () => {
    target.next(
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`),
    )
    expect((await send(`${gateway.listen}/head`, { method: 'HEAD' })).status).toBe(200)
    await expectAlive()
  })

  it('UR-46: an answer on an idle connection never reaches the next request', async () => {
    await send(`${gateway.listen}/warm`)
    const idle = target.accepted.at(-1)!
    idle.write(POISON)
    await expect.poll(() => idle.destroyed).toBe(true)
    await expectAlive()
  })
})

describe('UR-47: a connection that the target ends exactly when it is used again', () => {
  it.each([
    ['GET', 200, 2],
    ['POST', 502, 1],
  ])('%s is answered %d after %d requests to the target', async (method, status, asked) => {
    await send(`${gateway.listen}/warm`)
    target.requests.length = 0
    target.next((socket) => void socket.resetAndDestroy())
    const answer = await send(`${gateway.listen}/again/x`, { method })
    expect([answer.status, target.requests.length]).toEqual([status, asked])
    await expectAlive()
  })
})

describe('UR-48: a target that proves to be somebody else', () => {
  const other = { names: ['other.test'], days: 1 }
  const expired = { names: ['127.0.0.1'], days: -0.5 }
  const selfSigned = { names: ['127.0.0.1'], days: 1 }

  it.each([
    ['by its name', other, true],
    ['by its age', expired, true],
    ['by its issuer', selfSigned, false],
  ])('%s is 502, and gets no request', async (_how, { names, days }, trusted) => {
    const certificate = makeCertificate(names, days)
    const asked: string[] = []
    const server = createTlsServer({ cert: certificate.cert, key: certificate.key }, (incoming, response) => {
      asked.push(incoming.url!)
      response.end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const tls = trusted ? `tls: { ca: ${certificate.certFile} },` : ''
    const own = await startTestGateway(
      `services: { api: { targets: [https://127.0.0.1:${port}], ${tls} routes: { all: /* } } }`,
    )
    const answer = await own.get('/x')
    expect([answer.status, answer.json()['code'], asked]).toEqual([502, 'UPSTREAM_TLS_FAILED', []])
    expect(answer.body).not.toContain('127.0.0.1')
    await own.stop()
    server.close()
  })
})

function rssBytes(): number {
  const status = readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) * 1024
}
