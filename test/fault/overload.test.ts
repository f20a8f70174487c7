// More than can be served: what is too much is refused at once, and nobody else pays for it.
import type { ServerResponse } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { respondJson, startTarget, type TargetServer } from '../support/target-server.ts'

const MANY = 200

let targets: TargetServer[] = []
let gateway: TestGateway

afterEach(async () => {
  await gateway.stop()
  await Promise.all(targets.map((target) => target.close()))
  targets = []
})

/** Keeps every request until it is told to answer. */
async function startHolding() {
  const held: ServerResponse[] = []
  const target = await startTarget((_request, response) => void held.push(response))
  targets.push(target)
  const release = () => {
    for (const response of held.splice(0)) respondJson(response, 200, {})
  }
  return { target, held, release }
}

async function startServing(): Promise<TargetServer> {
  const target = await startTarget()
  targets.push(target)
  return target
}

const statuses = (answers: readonly { readonly status: number }[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

it('a service at its limit serves so many, the others are refused while it is still busy, and then it is whole again', async () => {
  const { target, held, release } = await startHolding()
  gateway = await startTestGateway(
    `services: { api: { targets: [${target.url}], routes: { all: { match: /*, concurrency: 10 } } } }`,
  )
  for (let time = 0; time < 2; time++) {
    const asked = Array.from({ length: MANY }, () => gateway.get('/x'))
    const refused = await firstOf(asked, MANY - 10)
    expect(statuses(refused)).toEqual({ 503: MANY - 10 })
    expect(refused.every(({ headers }) => Number(headers['retry-after']) > 0)).toBe(true)
    await expect.poll(() => held.length).toBe(10)
    // Probes and metrics are nobody's traffic.
    expect((await send(`${gateway.statusUrl}/readyz`)).status).toBe(200)
    release()
    expect(statuses(await Promise.all(asked))).toEqual({ 200: 10, 503: MANY - 10 })
  }
})

it('one service of twenty that answers no more is given up by its circuit; the others do not notice', async () => {
  const { target: silent, release } = await startHolding()
  const good = await startServing()
  const others = Array.from({ length: 19 }, (_, at) => `other${at}`)
  const service = (name: string, url: string, plugins: string) =>
    `  ${name}: { targets: [${url}], ejection: false, routes: { all: { match: /${name}, ${plugins} } } }`
  gateway = await startTestGateway(
    [
      'services:',
      service('silent', silent.url, 'timeout: 300ms, circuitBreaker: { open: 1h }'),
      ...others.map((name) => service(name, good.url, 'timeout: 40s')),
    ].join('\n'),
  )
  const slow = Array.from({ length: MANY }, () => gateway.get('/silent'))
  const fast = await Promise.all(others.flatMap((name) => [gateway.get(`/${name}`), gateway.get(`/${name}`)]))
  expect(statuses(fast)).toEqual({ 200: 38 })
  // With the service, in the line for a connection, or behind those that opened the circuit.
  const ends = statuses(await Promise.all(slow))
  expect([ends[504]! >= 20, (ends[504] ?? 0) + (ends[503] ?? 0)]).toEqual([true, MANY])
  const late = { headers: { 'x-late': 'yes' } }
  const next = await Promise.all(Array.from({ length: 20 }, () => gateway.get('/silent', late)))
  expect(next.map((one) => one.json()['code'])).toEqual(Array(20).fill('CIRCUIT_OPEN'))
  // Some of those before may reach it only now: it reads in this process.
  expect(silent.seen.filter(({ headers }) => headers['x-late'])).toEqual([])
  release()
})

/** The first `count` that have settled. */
function firstOf<T>(all: readonly Promise<T>[], count: number): Promise<readonly T[]> {
  const settled: T[] = []
  return new Promise((resolve, reject) => {
    for (const one of all) {
      one.then((value) => {
        if (settled.push(value) === count) resolve([...settled])
      }, reject)
    }
  })
}
