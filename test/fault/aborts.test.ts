// Either side may break off an exchange at any byte: nothing is left of it, and nobody takes a part for the whole.
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { fc, runs } from '../support/property.ts'
import { abortCase, play } from './abort-cases.ts'
import { answerPath, type BreakingTarget, startBreakingTarget } from './breaking-target.ts'

/** 10,000 in CI, after these have filled every pool and warmed every path. */
const WARM_UP = 1000
const CASES = runs(10_000)
const AT_ONCE = 32
/** Less than a third of a kilobyte for each: a connection that is not let go holds several. */
const HEAP_GROWTH_BYTES = 3 * 1024 * 1024
const TIMEOUT_MS = 600_000

let target: BreakingTarget
let gateway: ProcessGateway

const config = () => `
accessLog: false
drain: { delay: 0s }
services:
  plain:
    targets: [${target.url}]
    ejection: false
    connections: { max: 64 }
    routes: { all: /plain/* }
  guarded:
    targets: [${target.url}]
    ejection: false
    connections: { max: 64 }
    timeout: 60s
    retry: { attempts: 1 }
    concurrency: { limit: 64, queue: 64 }
    bodyLimit: 10MB
    routes: { all: /guarded/* }
`

beforeEach(async () => {
  target = await startBreakingTarget()
  gateway = await startProcessGateway(config(), { measured: true })
})

afterEach(async () => {
  gateway.child.kill('SIGKILL')
  await target.close()
})

const metric = async (name: string): Promise<number> => {
  const { body } = await send(`${gateway.status}/metrics`)
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)?.[1])
}

const openFiles = (): number => readdirSync(`/proc/${gateway.child.pid}/fd`).length

async function nextRequestIsRight(): Promise<void> {
  for (const route of ['/plain', '/guarded']) {
    const path = answerPath({ framing: 'length', size: 1000, ending: 'fin' })
    const { status, body } = await send(`${gateway.listen}${route}${path}`)
    expect([status, body.length]).toEqual([200, 1000])
  }
}

/** Plays so many cases, and resolves with what was wrong once nothing of them is under way any more. */
async function playMany(count: number): Promise<string[]> {
  const port = Number(new URL(gateway.listen).port)
  const cases = fc.sample(abortCase, count)
  const faults: string[] = []
  const player = async () => {
    for (let one = cases.pop(); one; one = cases.pop()) {
      const fault = await play(one, port)
      if (fault !== undefined) faults.push(`${fault}: ${JSON.stringify(one)}`)
      if (cases.length % 500 === 0) await nextRequestIsRight()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, player))
  await expect.poll(() => target.running()).toBe(0)
  await expect.poll(() => metric('gateway_requests_in_flight')).toBe(0)
  await expect.poll(() => metric('gateway_open_connections')).toBe(0)
  return faults
}

describe(`${CASES} exchanges that break off`, () => {
  it(
    'at any byte, on either side, leave nothing behind and pass for nothing whole',
    async () => {
      expect(await playMany(WARM_UP)).toEqual([])
      const before = { heap: (await gateway.memory()).heapUsed, files: openFiles() }
      expect(await playMany(CASES)).toEqual([])
      expect((await gateway.memory()).heapUsed - before.heap).toBeLessThan(HEAP_GROWTH_BYTES)
      // Idle connections to the targets are kept, up to the limit of each pool.
      expect(openFiles() - before.files).toBeLessThanOrEqual(2 * 64)
      await nextRequestIsRight()
      expect(gateway.stderr()).not.toMatch(/last net|could not be sent|inside the gateway|onFinish failed/)
      expect(await gateway.stop()).toBe(0)
    },
    TIMEOUT_MS,
  )
})
