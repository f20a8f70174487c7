// Several worker processes as one node: exact limits, one set of metrics, reloads as one, and deaths that cost little.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startLoad } from '../support/load.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startTarget } from '../support/target-server.ts'

interface WorkerView {
  readonly slot: number
  readonly pid: number
  readonly state: string
  readonly generation: number
  readonly starts: number
}

const config = (word: string) => `
workers: 4
drain: { delay: 0s }
services:
  api:
    routes:
      word: { match: /word, respond: { status: 200, body: ${word} } }
      counted: { match: /counted/*, respond: { status: 200, body: ok } }
      limited: { match: /limited, respond: { status: 200, body: ok }, rateLimit: { limit: 600/h, by: route, exact: true } }
      leased: { match: /leased, respond: { status: 200, body: ok }, rateLimit: { limit: 400/h, by: route } }
`

const POISON = `
import { z } from 'zod'
export const poison = {
  name: 'poison',
  stage: 'edge',
  summary: 'Kills the process.',
  settings: z.boolean(),
  create: () => ({
    onRequest({ query }) {
      if (query === '?poison') process.kill(process.pid, 'SIGKILL')
    },
  }),
}
`

async function workersOf(gateway: ProcessGateway): Promise<readonly WorkerView[]> {
  return (await send(`${gateway.admin}/api/workers`)).json()['workers'] as WorkerView[]
}

function reload({ admin }: ProcessGateway) {
  return send(`${admin}/api/reload`, { method: 'POST', headers: { 'x-turnpike-admin': '1' } })
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function requestsOf(gateway: ProcessGateway, route: string): Promise<number> {
  const { body } = await send(`${gateway.status}/metrics`)
  const line = new RegExp(
    `^http_server_request_duration_seconds_count\\{.*route="${route}".*\\} (\\d+)$`,
    'm',
  )
  return Number(line.exec(body)?.[1] ?? 0)
}

/** Each on a connection of its own, so that every worker gets some. */
async function sendMany(url: string, count: number): Promise<Record<number, number>> {
  const byStatus: Record<number, number> = {}
  for (let sent = 0; sent < count; sent += 20) {
    const batch = Array.from({ length: Math.min(20, count - sent) }, () => send(url))
    for (const { status } of await Promise.all(batch)) byStatus[status] = (byStatus[status] ?? 0) + 1
  }
  return byStatus
}

describe('four workers', () => {
  let gateway: ProcessGateway

  beforeAll(async () => {
    gateway = await startProcessGateway(config('one'))
  })

  afterAll(() => {
    gateway.child.kill('SIGKILL')
  })

  it('are ready when the gateway says so', async () => {
    const workers = await workersOf(gateway)
    expect(workers.map(({ slot, state, generation }) => [slot, state, generation])).toEqual(
      [1, 2, 3, 4].map((slot) => [slot, 'serving', 1]),
    )
    expect((await send(`${gateway.status}/readyz?verbose`)).body).toContain('[+]worker-4 ok')
  })

  it('admit together exactly what the limit says, without Redis', async () => {
    expect(await sendMany(`${gateway.listen}/limited`, 1000)).toEqual({ 200: 600, 429: 400 })
  })

  it('admit neither more nor less where they take permits ahead', async () => {
    let admitted = (await sendMany(`${gateway.listen}/leased`, 600))[200] ?? 0
    expect(admitted).toBeLessThanOrEqual(400)
    // What a worker holds and does not use comes back within a second.
    const more = async () => {
      admitted += (await sendMany(`${gateway.listen}/leased`, 20))[200] ?? 0
      return admitted
    }
    await expect.poll(more).toBe(400)
    expect(await sendMany(`${gateway.listen}/leased`, 40)).toEqual({ 429: 40 })
  })

  it('have one set of metrics, which is the sum', async () => {
    expect(await sendMany(`${gateway.listen}/counted/a`, 300)).toEqual({ 200: 300 })
    await expect.poll(() => requestsOf(gateway, 'api.counted')).toBe(300)
  })

  it('change to another config all at once, and lose no request', async () => {
    const load = startLoad(`${gateway.listen}/word`, { clients: 8 })
    await expect.poll(() => load.answered()).toBeGreaterThan(50)
    writeFileSync(gateway.file, config('two'))
    const answer = await reload(gateway)
    expect(answer.status).toBe(200)
    const bodies = await Promise.all(Array.from({ length: 100 }, () => send(`${gateway.listen}/word`)))
    expect(new Set(bodies.map(({ body }) => body))).toEqual(new Set(['two']))
    const { failures, byStatus } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    expect((await workersOf(gateway)).map(({ generation }) => generation)).toEqual([2, 2, 2, 2])
  })

  it('refuse a config together, each going on with the old one', async () => {
    writeFileSync(gateway.file, 'services: [')
    expect((await reload(gateway)).status).toBe(422)
    expect((await send(`${gateway.listen}/word`)).body).toBe('two')
    expect((await workersOf(gateway)).map(({ generation }) => generation)).toEqual([2, 2, 2, 2])
  })

  it('lose with one of them only what it had in flight; another serves the same config in its place', async () => {
    const [victim] = await workersOf(gateway)
    const load = startLoad(`${gateway.listen}/word`, { clients: 8 })
    await expect.poll(() => load.answered()).toBeGreaterThan(50)
    process.kill(victim!.pid, 'SIGKILL')
    const successor = async () => (await workersOf(gateway))[0]
    await expect.poll(successor).toMatchObject({ slot: 1, state: 'serving', generation: 2, starts: 2 })
    const seen = load.answered()
    await expect.poll(() => load.answered()).toBeGreaterThan(seen + 50)
    const { failures, byStatus } = await load.stop()
    // A client has one request in flight. None was refused, none waited in vain.
    expect(failures.length).toBeLessThanOrEqual(8)
    expect(failures.filter((failure) => failure.includes('ECONNREFUSED'))).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    const bodies = await Promise.all(Array.from({ length: 100 }, () => send(`${gateway.listen}/word`)))
    expect(new Set(bodies.map(({ body }) => body))).toEqual(new Set(['two']))
  })

  it('keep what a dead one has counted', async () => {
    expect(await requestsOf(gateway, 'api.counted')).toBe(300)
    expect((await send(`${gateway.listen}/limited`)).status).toBe(429)
  })

  it('write whole lines, one for each request', async () => {
    const path = `/counted/${'x'.repeat(900)}`
    await sendMany(`${gateway.listen}${path}`, 100)
    const lines = () =>
      gateway
        .stderr()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    await expect.poll(() => lines().filter((line) => line['path'] === path).length).toBe(100)
  })

  it('end together on SIGTERM, with exit code 0 and the request in flight answered', async () => {
    const pids = (await workersOf(gateway)).map(({ pid }) => pid)
    expect(await gateway.stop()).toBe(0)
    expect(pids.filter(isAlive)).toEqual([])
    expect(gateway.stderr()).toMatch(/"clean":true,"msg":"stopped"/)
  })
})

describe('a node of two workers', () => {
  let gateway: ProcessGateway | undefined

  afterEach(() => {
    gateway?.child.kill('SIGKILL')
  })

  it('answers a request in flight before it ends', async () => {
    const reached = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const target = await startTarget((_request, response) => {
      reached.resolve()
      void held.promise.then(() => response.end('late'))
    })
    gateway = await startProcessGateway(
      `workers: 2\ndrain: { delay: 0s }\nservices: { api: { targets: ['${target.url}'], routes: { all: /* } } }\n`,
    )
    const answer = send(`${gateway.listen}/x`)
    await reached.promise
    const exit = gateway.stop()
    await expect.poll(() => gateway!.stderr()).toContain('draining')
    held.resolve()
    expect((await answer).body).toBe('late')
    expect(await exit).toBe(0)
    await target.close()
  })

  it('leaves no worker behind when its primary is killed', async () => {
    gateway = await startProcessGateway(config('one'), { flags: ['--workers', '2'] })
    const pids = (await workersOf(gateway)).map(({ pid }) => pid)
    expect(pids).toHaveLength(2)
    gateway.child.kill('SIGKILL')
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
  })

  it('outlives a request that kills whoever serves it, as often as it comes', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'turnpike-poison-'))
    writeFileSync(join(directory, 'poison.mjs'), POISON)
    const file = join(directory, 'turnpike.yaml')
    writeFileSync(
      file,
      `use: { poison: ./poison.mjs }\n${config('one').replace('/word,', '/word, poison: true,')}`,
    )
    gateway = await startProcessGateway('', { file, flags: ['--workers', '2'] })
    const load = startLoad(`${gateway.listen}/word`, { clients: 4 })
    for (let deaths = 1; deaths <= 3; deaths++) {
      await expect(send(`${gateway.listen}/word?poison`)).rejects.toThrow()
      const standing = async () => {
        const workers = await workersOf(gateway!)
        const starts = workers.reduce((sum, worker) => sum + worker.starts, 0)
        return [starts, ...workers.map(({ state }) => state)]
      }
      await expect.poll(standing).toEqual([2 + deaths, 'serving', 'serving'])
    }
    const { failures, byStatus } = await load.stop()
    expect(failures.length).toBeLessThanOrEqual(3 * 4)
    expect(failures.filter((failure) => failure.includes('ECONNREFUSED'))).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    expect(await gateway.stop()).toBe(0)
  })

  it('says once why it cannot start, and exits with 1', async () => {
    gateway = undefined
    const taken = await startProcessGateway(config('one'), { flags: ['--workers', '1'] })
    const { host } = new URL(taken.listen)
    const failed = startProcessGateway(config('one'), { flags: ['--workers', '2', '--listen', host] })
    const message = await failed.then(
      () => '',
      (error: Error) => error.message,
    )
    expect(message.match(/cannot start: .*EADDRINUSE/g)).toHaveLength(1)
    await taken.stop()
  })
})
