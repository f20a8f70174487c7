// What clients see when targets die: nothing where it can be hidden, and never a second delivery.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { NOBODY } from '../support/nobody.ts'
import { respondJson, startRawTarget, startTarget, type TargetServer } from '../support/target-server.ts'

const DEAD = `http://${NOBODY}`

let targets: TargetServer[]
let gateway: TestGateway

beforeEach(async () => {
  targets = [await startTarget(), await startTarget(), await startTarget()]
})

afterEach(async () => {
  await gateway.stop()
  await Promise.all(targets.map((target) => target.close()))
})

const service = (urls: readonly string[], extra = '') => `
accessLog: false
services:
  api:
    targets: [${urls.join(', ')}]
    retry: { attempts: 2 }
${extra}
    routes: { all: /* }
`

describe('one dead target of three', () => {
  it('costs no client an answer, and soon no attempt either', async () => {
    const alive = targets.slice(1)
    gateway = await startTestGateway(service([DEAD, ...alive.map(({ url }) => url)]))
    const load = startLoad(`${gateway.url}/x`, { clients: 8 })
    await expect.poll(() => load.answered()).toBeGreaterThan(1000)
    const { failures, byStatus, answered } = await load.stop()
    expect(failures).toEqual([])
    expect(byStatus).toEqual({ 200: answered })
    expect(alive.reduce((sum, target) => sum + target.seen.length, 0)).toBe(answered)
    // Ejected after five failures; what follows are single probes.
    const again = /gateway_attempts_total\{[^}]*kind="again"[^}]*\} (\d+)/.exec(await gateway.metrics())
    expect(Number(again?.[1])).toBeLessThan(60)
  })
})

describe('a POST', () => {
  it('is never sent twice after it may have been processed', async () => {
    const bodies: string[] = []
    const raw = await startRawTarget((socket) =>
      socket.on('data', (bytes) => {
        bodies.push(bytes.toString())
        socket.destroy()
      }),
    )
    gateway = await startTestGateway(service([raw.url, raw.url.replace('127.0.0.1', 'localhost')]))
    for (let number = 0; number < 20; number++) {
      const response = await gateway.get('/x', { method: 'POST', body: `order-${number}` })
      expect(response.json()).toMatchObject({ code: 'UPSTREAM_RESET' })
    }
    const orders = bodies.join('').match(/order-\d+/g) ?? []
    expect(new Set(orders).size).toBe(orders.length)
    await raw.close()
  })

  it('goes to another target when the first was never reached', async () => {
    gateway = await startTestGateway(service([DEAD, DEAD.replace('127.0.0.1', 'localhost'), targets[2]!.url]))
    for (let number = 0; number < 10; number++) {
      expect((await gateway.get('/x', { method: 'POST', body: `order-${number}` })).status).toBe(200)
    }
    expect(targets[2]!.seen.map(({ body }) => body)).toEqual(
      Array.from({ length: 10 }, (_, at) => `order-${at}`),
    )
  })
})

describe('all targets answering 503', () => {
  it('under load get a fifth more requests than the clients send, and a few', async () => {
    for (const target of targets) target.answer = (_request, response) => respondJson(response, 503, {})
    gateway = await startTestGateway(service(targets.map((target) => target.url)))
    const startedAt = performance.now()
    const load = startLoad(`${gateway.url}/x`, { clients: 16 })
    await expect.poll(() => load.answered()).toBeGreaterThan(3000)
    const { failures, byStatus, answered } = await load.stop()
    expect(failures).toEqual([])
    expect(byStatus).toEqual({ 503: answered })
    const retries = targets.reduce((sum, target) => sum + target.seen.length, 0) - answered
    // 20 % of the requests, and a reserve of 10 a second, of which ten seconds may be saved up.
    const reserve = 10 * ((performance.now() - startedAt) / 1000 + 10)
    expect(retries).toBeLessThanOrEqual(0.2 * answered + reserve)
    expect(retries).toBeGreaterThan(0)
  })
})

describe('a target that holds all it may', () => {
  it('gets nothing more while another has room', async () => {
    const held = Promise.withResolvers<void>()
    const [busy, free] = targets as [TargetServer, TargetServer, TargetServer]
    busy.answer = async (_request, response) => {
      await held.promise
      respondJson(response, 200, {})
    }
    const extra = '    balance: roundRobin\n    connections: { max: 1, queue: 0 }'
    gateway = await startTestGateway(service([busy.url, free.url], extra))
    const first = Promise.all([gateway.get('/a'), gateway.get('/b')])
    await expect.poll(() => busy.seen.length).toBe(1)
    for (let sent = 0; sent < 4; sent++) expect((await gateway.get('/c')).status).toBe(200)
    expect(busy.seen).toHaveLength(1)
    held.resolve()
    expect((await first).map(({ status }) => status)).toEqual([200, 200])
  })
})
