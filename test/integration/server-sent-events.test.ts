// Server-sent events: each is passed on at once, for as long as the stream says something.
import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway
/** The streams that the service has opened, oldest first. */
let streams: ServerResponse[]

const config = (url: string, timeout: string) => `
drain: { delay: 0s, timeout: 0s }
services:
  feed:
    targets: [${url}]
    routes: { all: { match: /*, timeout: ${timeout} } }
`

beforeEach(async () => {
  streams = []
  target = await startTarget((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.flushHeaders()
    streams.push(response)
  })
  gateway = await startTestGateway(config(target.url, '{ total: 2s }'))
})

afterEach(async () => {
  await gateway.stop()
  await target.close()
})

interface Listening {
  readonly response: IncomingMessage
  received(): string
  stop(): void
}

async function listen(headers: Record<string, string> = {}): Promise<Listening> {
  const request = get(`${gateway.url}/events`, { headers, agent: false })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  response.on('error', () => {})
  return { response, received: () => text, stop: () => request.destroy() }
}

describe('an event stream', () => {
  it('begins before its first event, and brings each one before the next is said', async () => {
    const { response, received, stop } = await listen({ 'Last-Event-ID': '41', Accept: 'text/event-stream' })
    expect(response.headers['content-type']).toBe('text/event-stream')
    expect(response.headers).not.toHaveProperty('content-length')
    expect(target.seen[0]!.headers).toMatchObject({ 'last-event-id': '41', accept: 'text/event-stream' })
    let said = ''
    for (const event of ['id: 42\ndata: 1\n\n', ':\n', 'data: 2\n\n', `data: ${'x'.repeat(50_000)}\n\n`]) {
      streams[0]!.write(event)
      said += event
      await expect.poll(received).toBe(said)
    }
    stop()
  })

  it('lives on past the total of its timeout', async () => {
    const { response, received } = await listen()
    const timer = setInterval(() => streams[0]!.write(':\n'), 50)
    // A heartbeat is two bytes every 50 ms: 100 of them take longer than the total.
    await expect.poll(() => received().length, { timeout: 20_000 }).toBeGreaterThan(100)
    clearInterval(timer)
    streams[0]!.end('data: last\n\n')
    await once(response, 'end')
    expect(received()).toMatch(/data: last\n\n$/)
  })

  it('is cut, not ended, when it is silent for the idle time', async () => {
    await gateway.reload(config(target.url, '{ idle: 2s }'))
    const { response, received } = await listen()
    streams[0]!.write('data: 1\n\n')
    const [failure] = await once(response, 'error')
    expect(failure).toMatchObject({ code: 'ECONNRESET' })
    expect(received()).toBe('data: 1\n\n')
    await expect.poll(() => streams[0]!.destroyed).toBe(true)
  })

  it('ends at the service when its reader has gone', async () => {
    const { stop } = await listen()
    expect(streams[0]!.destroyed).toBe(false)
    stop()
    await expect.poll(() => streams[0]!.destroyed).toBe(true)
    await expect
      .poll(() => gateway.log.find(({ path }) => path === '/events'))
      .toMatchObject({
        cause: 'CLIENT_CLOSED',
        status: 200,
      })
  })

  it('of the oldest of more than 32 configurations is cut, so that these do not add up in memory', async () => {
    const first = await listen()
    const cut = once(first.response, 'error')
    const others: Listening[] = []
    for (let total = 3; total < 35; total++) {
      await gateway.reload(config(target.url, `{ total: ${total}s }`))
      others.push(await listen())
    }
    await cut
    await expect
      .poll(() => gateway.log.find(({ path }) => path === '/events'))
      .toMatchObject({ cause: 'OVERLOADED', status: 200 })
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, ...others.map(() => false)])
    for (const { stop } of others) stop()
  })
})
