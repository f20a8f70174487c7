// 1,500 slow clients at once: each is given up by its limit, and who is not slow does not notice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startLoad } from '../support/load.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { respondJson, startTarget, type TargetServer } from '../support/target-server.ts'
import { type SlowClients, startSlowClients } from './slow-clients.ts'

const CLIENTS = 500
const BIG = Buffer.alloc(10 * 1024 * 1024)

let target: TargetServer
let gateway: ProcessGateway
let slow: SlowClients[]

beforeEach(async () => {
  slow = []
  target = await startTarget((request, response) => {
    if (request.url === '/big') response.end(BIG)
    else respondJson(response, 200, {})
  })
  gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 0s }
limits:
  headersTimeout: 3s
  bodyRate: 1KB
  bodyGrace: 3s
  writeTimeout: 3s
  connectionsPerClient: 3000
services:
  api:
    targets: [${target.url}]
    connections: { max: 2000 }
    routes: { all: /* }
`)
})

afterEach(async () => {
  for (const clients of slow) clients.stop()
  gateway.child.kill('SIGKILL')
  await target.close()
})

const metric = async (name: string): Promise<number> => {
  const { body } = await send(`${gateway.status}/metrics`)
  return Number(new RegExp(`^${name.replace('{', '\\{')} (\\d+)`, 'm').exec(body)?.[1])
}

describe(`${CLIENTS} clients that are slow with their heads, their bodies and their reading, each`, () => {
  it('are all given up, while another client is served without a failure', async () => {
    const load = startLoad(`${gateway.listen}/small`, { clients: 2 })
    await expect.poll(() => load.answered()).toBeGreaterThan(50)
    const options = { port: Number(new URL(gateway.listen).port), count: CLIENTS, everyMs: 250 }
    const heads = startSlowClients('head', options)
    const bodies = startSlowClients('body', options)
    const readers = startSlowClients('read', options)
    slow = [heads, bodies, readers]
    for (const clients of slow) await expect.poll(() => clients.opened()).toBe(CLIENTS)
    for (const clients of [heads, bodies]) {
      await expect.poll(() => clients.stillOpen()).toBe(0)
      expect(clients.answered(408)).toBeGreaterThan(0)
    }
    expect(await metric('gateway_malformed_requests_total{code="REQUEST_TIMEOUT"}')).toBe(CLIENTS)
    expect(
      await metric('http_server_request_duration_seconds_count{http_request_method="POST".*="408".*}'),
    ).toBe(CLIENTS)
    // What is left are the two that are not slow.
    await expect.poll(() => metric('gateway_open_connections')).toBeLessThanOrEqual(2)
    await expect.poll(() => metric('gateway_requests_in_flight')).toBeLessThanOrEqual(2)
    const before = load.answered()
    await expect.poll(() => load.answered()).toBeGreaterThan(before + 50)
    const { failures, byStatus } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    await expect.poll(() => metric('gateway_open_connections')).toBe(0)
    expect(gateway.stderr()).not.toMatch(/last net|could not be sent|inside the gateway/)
    expect(await gateway.stop()).toBe(0)
  })
})
