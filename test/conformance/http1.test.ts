// Every raw request of the catalogue over a real socket: its answer, what the target saw, and a gateway that lives on.
import { readdirSync, readFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { bytesOf, HTTP1_CASES, type Http1Case } from './parts/http1-cases.ts'
import { type LoggingTarget, SERVED, startLoggingTarget } from './parts/logging-target.ts'
import { exchangeRaw, type RawAnswer } from './parts/raw-exchange.ts'
import { UPSTREAM_RULES } from './parts/upstream-rules.ts'

/** Far beyond every timeout that could end a connection: only a gateway that hangs gets there. */
const PATIENCE_MS = 10_000
const MARKER = '/public/marker'
/** What comes next on the same connection: read as a request of its own, or not at all. */
const MARKER_REQUEST = `GET ${MARKER} HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n`
const MAX_RSS_GROWTH_BYTES = 64 * 1024 * 1024

const config = (url: string) => `
accessLog: false
drain: { delay: 0s }
auth: { keys: { type: apiKey } }
consumers: { acme: { apiKey: a-key-of-sixteen-or-more } }
services:
  api:
    targets: [${url}]
    headers: { request: { set: { X-Gw-Auth: gateway } } }
    routes:
      admin: { match: /admin, auth: keys }
      below: { match: /admin/*, auth: keys }
      all: { match: /*, auth: none }
`

let target: LoggingTarget
let gateway: ProcessGateway
let port: number

beforeAll(async () => {
  target = await startLoggingTarget()
  gateway = await startProcessGateway(config(target.url))
  port = Number(new URL(gateway.listen).port)
})

afterAll(async () => {
  expect(await gateway.stop()).toBe(0)
  await target.close()
})

async function run(one: Http1Case) {
  target.seen.length = 0
  const outcome = await exchangeRaw(port, bytesOf(one) + MARKER_REQUEST, PATIENCE_MS)
  const finals = outcome.answers.filter(({ status }) => status >= 200)
  return { ...outcome, finals, seen: target.seen.slice(), garbage: target.garbage.slice() }
}

function processFacts(pid: number) {
  const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]
  return { rssBytes: Number(rss) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

describe('a raw request', () => {
  it.each(HTTP1_CASES)('$id: $title', async (one) => {
    const { finals, seen, garbage, closed, rest } = await run(one)
    expect([closed, rest, garbage]).toEqual([true, '', []])
    const status = finals[0]?.status
    expect(one.allow).toContain(status ?? 'close')
    const own = seen.filter((request) => request.target !== MARKER)
    expect(UPSTREAM_RULES[one.upstream]!(own, one)).toBeUndefined()
    expect(own.filter((request) => request.target === '/smuggled')).toEqual([])
    const served = finals.filter(({ head }) => head.includes(SERVED))
    expect(served.length, 'each request that the target saw is answered to the client').toBe(seen.length)
    expect(finals.length - 1, 'whether the marker is answered').toBe(staysOpen(finals[0]) ? 1 : 0)
    expect((await send(`${gateway.listen}/public/alive`)).status).toBe(200)
  })
})

/** Bytes of doubtful framing end the connection; what stands behind them may be a part of them. */
function staysOpen(answer: RawAnswer | undefined): boolean {
  return answer !== undefined && !/^connection: close/im.test(answer.head)
}

describe('all of them', () => {
  it('are 122', () => {
    expect(new Set(HTTP1_CASES.map(({ id }) => id)).size).toBe(122)
  })

  it('at the same time cost other clients nothing', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const noise = HTTP1_CASES.map((one) => exchangeRaw(port, bytesOf(one) + MARKER_REQUEST, PATIENCE_MS))
    const paths = Array.from({ length: 500 }, (_, at) => `/public/good/${at}`)
    const answers = await Promise.all(paths.map((path) => send(`${gateway.listen}${path}`, { agent })))
    agent.destroy()
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['200 ok']))
    expect(paths.filter((path) => target.seen.filter((one) => one.target === path).length !== 1)).toEqual([])
    await Promise.all(noise)
  })

  it('once more leave no connection and no memory behind', async () => {
    const before = processFacts(gateway.child.pid!)
    for (const one of HTTP1_CASES) await run(one)
    const facts = () => processFacts(gateway.child.pid!)
    await expect.poll(() => facts().descriptors).toBeLessThanOrEqual(before.descriptors)
    await expect.poll(() => facts().rssBytes).toBeLessThan(before.rssBytes + MAX_RSS_GROWTH_BYTES)
  })
})
