// A gateway process that is measured while exchanges break off, and what must be left of them: nothing.
import { readdirSync } from 'node:fs'
import { expect } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'

/** These have filled every pool and warmed every path before anything is measured. */
const WARM_UP = 1000
const AT_ONCE = 32
/** Less than a third of a kilobyte for each of ten thousand: a connection that is not let go holds several. */
const HEAP_GROWTH_BYTES = 3 * 1024 * 1024

export interface Breaking<Case> {
  readonly config: string
  /** Requests or connections of the target that are not over. */
  running(): number
  cases(count: number): Case[]
  /** Says what was wrong with what the client got; undefined when nothing was. */
  play(one: Case, gateway: ProcessGateway): Promise<string | undefined>
  /** Asked now and then: whoever comes behind a broken exchange is served right. */
  assertServes(gateway: ProcessGateway): Promise<void>
  /** Connections to targets that are kept. */
  readonly idleTargets: number
}

/** Throws when something was wrong or something is left. */
export async function expectNothingLeft<Case>(breaking: Breaking<Case>, count: number): Promise<void> {
  const gateway = await startProcessGateway(breaking.config, { measured: true })
  try {
    expect(await playMany(breaking, gateway, WARM_UP)).toEqual([])
    const before = { heap: (await gateway.memory()).heapUsed, files: openFiles(gateway) }
    expect(await playMany(breaking, gateway, count)).toEqual([])
    // Some of it is let go of by timers of up to a few seconds: 4,000 leave 3.7 MB at once, and 16,000 no more.
    const grown = async () => (await gateway.memory()).heapUsed - before.heap
    await expect.poll(grown).toBeLessThan(HEAP_GROWTH_BYTES)
    expect(openFiles(gateway) - before.files).toBeLessThanOrEqual(breaking.idleTargets)
    await breaking.assertServes(gateway)
    expect(gateway.stderr()).not.toMatch(/last net|could not be sent|inside the gateway|onFinish failed/)
    expect(await gateway.stop()).toBe(0)
  } finally {
    gateway.child.kill('SIGKILL')
  }
}

/** Resolves with what was wrong once nothing of the cases is under way any more. */
async function playMany<Case>(
  { cases, play, running, assertServes }: Breaking<Case>,
  gateway: ProcessGateway,
  count: number,
): Promise<string[]> {
  const left = cases(count)
  const faults: string[] = []
  const player = async () => {
    for (let one = left.pop(); one; one = left.pop()) {
      const fault = await play(one, gateway)
      if (fault !== undefined) faults.push(`${fault}: ${JSON.stringify(one)}`)
      if (left.length % 500 === 0) await assertServes(gateway)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, player))
  await expect.poll(running).toBe(0)
  for (const gauge of ['gateway_requests_in_flight', 'gateway_open_connections']) {
    await expect.poll(() => metric(gateway, gauge)).toBe(0)
  }
  return faults
}

async function metric({ status }: ProcessGateway, name: string): Promise<number> {
  const { body } = await send(`${status}/metrics`)
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(body)?.[1])
}

const openFiles = ({ child }: ProcessGateway): number => readdirSync(`/proc/${child.pid}/fd`).length
