// One limit for the whole cluster: two gateway processes on one Redis, and what happens when Redis dies.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startLoad } from '../support/load.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let redis: TestRedis
let nodes: ProcessGateway[]

const config = (limit: string) => `
accessLog: false
redis: ${redis.url}
drain: { delay: 0s }
services:
  api:
    targets: [${target.url}]
    routes:
      all: { match: /*, rateLimit: ${limit} }
`

beforeEach(async () => {
  target = await startTarget()
  redis = await startRedis()
  nodes = []
})

afterEach(async () => {
  for (const node of nodes) await node.stop()
  await redis.stop()
  await target.close()
})

async function startNodes(limit: string, count: number): Promise<void> {
  nodes = await Promise.all(Array.from({ length: count }, () => startProcessGateway(config(limit))))
  for (const node of nodes) {
    const known = async () => (await metrics(node)).includes(`gateway_nodes ${count}`)
    await expect.poll(known).toBe(true)
  }
}

async function metrics(node: ProcessGateway): Promise<string> {
  return (await send(`${node.status}/metrics`)).body
}

async function sumOf(node: ProcessGateway, series: RegExp): Promise<number> {
  let sum = 0
  for (const line of (await metrics(node)).split('\n')) {
    if (series.test(line)) sum += Number(line.split(' ').at(-1))
  }
  return sum
}

function takesByLease(node: ProcessGateway): Promise<number> {
  return sumOf(node, /^gateway_store_takes_total\{by="lease"\}/)
}

/** A twentieth of 600 for two nodes. */
const LARGEST_LEASE = 15

/** Calls that Redis did not answer within 50 ms: none, unless the machine is held up. */
async function lostCalls(): Promise<number> {
  const lost = await Promise.all(nodes.map((node) => sumOf(node, /^gateway_store_errors_total/)))
  return lost.reduce((sum, count) => sum + count, 0)
}

describe('two gateways on one Redis', () => {
  it.each([
    ['leased', '{ limit: 600/h, by: route, onStoreError: refuse }', LARGEST_LEASE],
    ['exact', '{ limit: 600/h, by: route, onStoreError: refuse, exact: true }', 0],
  ])('admit together exactly 600 of 1000 requests at 600/h, %s', async (_how, limit, largestLease) => {
    await startNodes(limit, 2)
    const lostBefore = await lostCalls()
    const count = { 200: 0, 429: 0, 503: 0 }
    while (count[200] + count[429] < 1000) {
      const batch = Array.from({ length: 20 }, (_, at) => send(`${nodes[at % 2]!.listen}/x`))
      for (const { status } of await Promise.all(batch)) count[status as keyof typeof count]++
    }
    const lost = (await lostCalls()) - lostBefore
    // A Redis that gets no CPU for 50 ms was not waited for, but has counted: on an idle machine there is none of them.
    expect(count[200]).toBeLessThanOrEqual(600)
    expect(count[200] + lost * (1 + largestLease)).toBeGreaterThanOrEqual(600)
    expect(target.seen).toHaveLength(count[200])
    const byLease = await Promise.all(nodes.map(takesByLease))
    expect(byLease.map((takes) => takes > 10)).toEqual([largestLease > 0, largestLease > 0])
  })

  it('never admit more, and miss at most what they hold, when one of them falls silent', async () => {
    await startNodes('{ limit: 600/h, by: route, onStoreError: refuse }', 2)
    const lostBefore = await lostCalls()
    const [first, second] = nodes as [ProcessGateway, ProcessGateway]
    let admitted = 0
    const sendTo = async (node: ProcessGateway, times: number): Promise<void> => {
      for (let sent = 0; sent < times; sent += 20) {
        const batch = await Promise.all(Array.from({ length: 20 }, () => send(`${node.listen}/x`)))
        admitted += batch.filter(({ status }) => status === 200).length
      }
    }
    // Not of a certain number: while Redis gets no CPU, and in the last moment of a lease, none is lent.
    const lentTo = async () => {
      await sendTo(first, 20)
      return takesByLease(first)
    }
    await expect.poll(lentTo).toBeGreaterThan(10)
    await sendTo(second, 600)
    const lost = (await lostCalls()) - lostBefore
    expect(admitted).toBeLessThanOrEqual(600)
    expect(admitted + lost * (1 + LARGEST_LEASE)).toBeGreaterThanOrEqual(600 - 2 * LARGEST_LEASE)
  })

  // Again, should Redis get no CPU for 50 ms: then each node answers for itself, as it should.
  it('tell the client in every answer what is left, the same from either', { retry: 3 }, async () => {
    await startNodes('{ limit: 3/min, by: route }', 2)
    const responses = []
    for (const at of [0, 1, 0, 1]) responses.push(await send(`${nodes[at]!.listen}/x`))
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(responses.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['2', '1', '0', '0'])
    expect(responses[0]!.headers['ratelimit-policy']).toMatch(/^"[^"]+";q=3;w=60$/)
    expect(responses[3]!.json()).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
    expect(Number(responses[3]!.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('kill -9 of Redis under load', () => {
  it('fails no request, keeps the limit per node, and is over when it returns', async () => {
    await startNodes('{ limit: 100000/min, by: route }', 2)
    let answers = 0
    const load = startLoad(() => nodes[answers % 2]!.listen, {
      clients: 8,
      inspect: () => {
        answers++
      },
    })
    await expect.poll(() => load.answered()).toBeGreaterThan(300)
    await redis.kill()
    await expect.poll(async () => (await metrics(nodes[0]!)).includes('gateway_store_up 0')).toBe(true)
    const before = load.answered()
    await expect.poll(() => load.answered()).toBeGreaterThan(before + 300)
    await redis.restart()
    await expect.poll(async () => (await metrics(nodes[0]!)).includes('gateway_store_up 1')).toBe(true)
    const { failures, byStatus } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
  })

  it.each([
    ['local', 200, undefined],
    ['allow', 200, undefined],
    ['refuse', 503, 'STORE_UNAVAILABLE'],
  ])('with onStoreError: %s answers %i', async (behaviour, status, code) => {
    await startNodes(`{ limit: 4/min, by: route, onStoreError: ${behaviour} }`, 2)
    await redis.kill()
    await expect.poll(async () => (await metrics(nodes[0]!)).includes('gateway_store_up 0')).toBe(true)
    const response = await send(`${nodes[0]!.listen}/x`)
    expect(response.status).toBe(status)
    if (code) expect(response.json()).toMatchObject({ code })
  })

  it('with onStoreError: local leaves each of two nodes its half of the limit', async () => {
    await startNodes('{ limit: 10/min, by: route, onStoreError: local }', 2)
    await redis.kill()
    await expect.poll(async () => (await metrics(nodes[0]!)).includes('gateway_store_up 0')).toBe(true)
    const statuses = []
    for (let sent = 0; sent < 8; sent++) statuses.push((await send(`${nodes[0]!.listen}/x`)).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
  })
})
