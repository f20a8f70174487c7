import { describe, expect, it } from 'vitest'
import type { RateCheck, WindowCheck } from '../../../src/plugin.ts'
import { KEPT_PART, LEASE_SUB_BUCKETS, leaseUs } from '../../../src/store/lease.ts'
import { SUB_BUCKETS, subBucketUs } from '../../../src/store/sliding-window.ts'
import { slotPhaseUs } from '../../../src/store/slot-phase.ts'
import { fc, runs } from '../../support/property.ts'
import { Cluster, type Decision, type Network, World } from './nodes-on-one-store.ts'

/** What all nodes together may hold of a limit; the documentation says so. */
const LENT_PART = 1 / 20

const load = fc.record({
  // Clocks that a time service slews run up to 500 ppm too fast or too slow.
  drifts: fc.array(fc.double({ min: -0.0005, max: 0.0005, noNaN: true }), { minLength: 1, maxLength: 4 }),
  startMs: fc.double({ min: 0, max: 100_000, noNaN: true }),
  steps: fc.array(
    fc.record({
      node: fc.nat(3),
      requests: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 })),
      // As shares of a sub-bucket, or of the window.
      gap: fc.oneof(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 30, noNaN: true }),
      ),
      crashes: fc.integer({ min: 0, max: 40 }).map((dice) => dice === 0),
    }),
    { minLength: 10, maxLength: 120 },
  ),
  delays: fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { minLength: 1, maxLength: 7 }),
  fates: fc.array(fc.constantFrom('arrives', 'arrives', 'arrives', 'lost', 'late'), {
    minLength: 1,
    maxLength: 11,
  }),
})

type Load = typeof load extends fc.Arbitrary<infer T> ? T : never

const window = fc.record({
  kind: fc.constant('window' as const),
  key: fc.nat(999).map(String),
  limit: fc.integer({ min: 1, max: 600 }),
  windowMs: fc.constantFrom(1000, 7000, 60_000, 100_001),
})

const rate = fc.record({
  kind: fc.constant('rate' as const),
  key: fc.nat(999).map(String),
  limit: fc.integer({ min: 20, max: 2000 }),
  periodMs: fc.constantFrom(1000, 10_000),
  burst: fc.integer({ min: 1, max: 600 }),
})

const RELIABLE: Pick<Load, 'fates'> = { fates: ['arrives'] }

async function play(check: WindowCheck | RateCheck, given: Load): Promise<Cluster> {
  const world = new World(given.startMs)
  let [delays, fates] = [0, 0]
  const network: Network = {
    delayMs: () => given.delays[delays++ % given.delays.length]!,
    fate: () => given.fates[fates++ % given.fates.length]!,
  }
  const cluster = new Cluster(world, given.drifts, network)
  const unitMs = check.kind === 'window' ? check.windowMs / SUB_BUCKETS : 50
  for (const { node, requests, gap, crashes } of given.steps) {
    const which = node % given.drifts.length
    if (crashes && given.fates !== RELIABLE.fates) cluster.restart(which)
    // Spread over the step: a lease that comes in between is used.
    for (let sent = 0; sent < requests; sent++) {
      cluster.request(which, check)
      await world.advance((gap * unitMs) / requests)
    }
  }
  await world.advance(100)
  return cluster
}

/** One node builds up leases; then it spends them bit by bit while somebody else takes whatever can be had. */
const siege = fc.record({
  startMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  drift: fc.double({ min: -0.0005, max: 0.0005, noNaN: true }),
  delays: fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 1, maxLength: 5 }),
  growth: fc.array(fc.record({ requests: fc.integer({ min: 1, max: 12 }), gap: share(0.4) }), {
    minLength: 5,
    maxLength: 20,
  }),
  spending: fc.array(
    fc.record({ requests: fc.integer({ min: 0, max: 6 }), gap: share(0.6), sacks: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 12,
    },
  ),
})

function share(max: number): fc.Arbitrary<number> {
  return fc.double({ min: 0, max, noNaN: true })
}

async function besiege(
  check: WindowCheck | RateCheck,
  given: typeof siege extends fc.Arbitrary<infer T> ? T : never,
) {
  const world = new World(given.startMs)
  let delays = 0
  const delayMs = () => given.delays[delays++ % given.delays.length]!
  const cluster = new Cluster(world, [given.drift], { delayMs, fate: () => 'arrives' })
  const unitMs = leaseUs(check) / 1000
  for (const { requests, gap } of given.growth) {
    for (let sent = 0; sent < requests; sent++) cluster.request(0, check)
    await world.advance(gap * unitMs)
  }
  const startedAt = world.nowMs
  for (const { requests, gap, sacks } of given.spending) {
    if (sacks) cluster.takeAll(check)
    for (let sent = 0; sent < requests; sent++) cluster.request(0, check)
    await world.advance(gap * unitMs)
  }
  // Then at the time at which the first of what was spent leaves the window, step by step.
  const until = check.kind === 'window' ? check.windowMs - (world.nowMs - startedAt) - 2 * unitMs : 0
  await world.advance(Math.max(0, until))
  for (let step = 0; step < 160; step++) {
    await world.advance(unitMs / 16)
    cluster.takeAll(check)
  }
  return cluster
}

describe('leases of a window', () => {
  it('never let more than the limit through in any window, whatever happens to nodes and network', async () => {
    let [fromLeases, all] = [0, 0]
    await fc.assert(
      fc.asyncProperty(window, load, async (check, given) => {
        const { admitted } = await play(check, given)
        expectNeverAbove(check, admitted)
        all += admitted.length
        fromLeases += admitted.filter(({ asked }) => !asked).length
      }),
      { numRuns: runs(80) },
    )
    // Otherwise it would have proven nothing about leases.
    expect(fromLeases / all).toBeGreaterThan(0.2)
  })

  it('never do so either when somebody takes at once whatever becomes free', async () => {
    const busy = window.map((check) => ({ ...check, limit: 60 + (check.limit % 200), windowMs: 1000 }))
    await fc.assert(
      fc.asyncProperty(busy, siege, async (check, given) => {
        expectNeverAbove(check, (await besiege(check, given)).admitted)
      }),
      { numRuns: runs(80) },
    )
  })

  it('refuse nobody before all but what nodes may hold was admitted', async () => {
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(window, load, async (check, given) => {
        const { admitted, refused } = await play(check, { ...given, ...RELIABLE })
        const nodes = given.drifts.length
        const held = nodes * Math.floor((check.limit * LENT_PART) / nodes)
        const reachMs = ((SUB_BUCKETS + 1 + LEASE_SUB_BUCKETS) * subBucketUs(check.windowMs)) / 1000
        for (const { atMs } of refused) {
          const counted = admitted.filter((one) => one.atMs <= atMs && atMs - one.atMs < reachMs + 0.001)
          expect(counted.length).toBeGreaterThanOrEqual(check.limit - held)
        }
        refusals += refused.length
      }),
      { numRuns: runs(80) },
    )
    expect(refusals).toBeGreaterThan(100)
  })

  it('are all given back, or spent, when the nodes have nothing more to do', async () => {
    await fc.assert(
      fc.asyncProperty(window, load, async (given, patterns) => {
        const check = { ...given, windowMs: 60_000 }
        const cluster = await play(check, { ...patterns, ...RELIABLE })
        // The second lease ends unasked for.
        await cluster.world.advance(8500)
        const { remaining } = (await cluster.shared.take([check], 0)).states[0]!
        const reachMs = ((SUB_BUCKETS + 1) * subBucketUs(check.windowMs)) / 1000
        const phaseMs = slotPhaseUs(check) / 1000
        const slotBeganMs = Math.floor((cluster.world.nowMs + phaseMs) / 1000) * 1000 - phaseMs
        const oldest = slotBeganMs + 1000 - reachMs
        const since = (ms: number) => cluster.admitted.filter(({ atMs }) => atMs >= ms).length
        expect(remaining).toBeLessThanOrEqual(check.limit - since(oldest))
        // What was spent early in its lease counts as if at its end.
        expect(remaining).toBeGreaterThanOrEqual(check.limit - since(oldest - leaseUs(check) / 1000))
      }),
      { numRuns: runs(60) },
    )
  })
})

describe('leases of a rate', () => {
  it('never exceed burst and rate, whatever happens to nodes and network', async () => {
    let [fromLeases, all] = [0, 0]
    await fc.assert(
      fc.asyncProperty(rate, load, async (check, given) => {
        const { admitted } = await play(check, given)
        for (const level of levels(
          check,
          admitted.map(({ atMs }) => atMs),
        )) {
          expect(level).toBeLessThanOrEqual(check.burst + 0.01)
        }
        all += admitted.length
        fromLeases += admitted.filter(({ asked }) => !asked).length
      }),
      { numRuns: runs(80) },
    )
    expect(fromLeases / all).toBeGreaterThan(0.1)
  })

  it('never do so either when somebody takes at once whatever becomes free', async () => {
    const busy = rate.map((check) => ({
      ...check,
      limit: 200,
      periodMs: 1000,
      burst: 60 + (check.burst % 200),
    }))
    await fc.assert(
      fc.asyncProperty(busy, siege, async (check, given) => {
        expectNeverAbove(check, (await besiege(check, given)).admitted)
      }),
      { numRuns: runs(80) },
    )
  })

  it('leave the part of the burst that is never lent to whoever asks', async () => {
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(rate, load, async (check, given) => {
        const { admitted, refused } = await play(check, { ...given, ...RELIABLE })
        for (const { atMs } of refused) {
          const before = admitted.map((one) => one.atMs).filter((one) => one <= atMs)
          const level = levels(check, [...before, atMs]).at(-1)!
          expect(level).toBeGreaterThanOrEqual(check.burst * KEPT_PART - 0.01)
        }
        refusals += refused.length
      }),
      { numRuns: runs(60) },
    )
    expect(refusals).toBeGreaterThan(50)
  })
})

function expectNeverAbove(check: WindowCheck | RateCheck, admitted: readonly Decision[]): void {
  const times = admitted.map(({ atMs }) => atMs)
  if (check.kind === 'rate') {
    // The store's clock knows whole microseconds only.
    expect(Math.max(0, ...levels(check, times))).toBeLessThanOrEqual(check.burst + 0.01)
    return
  }
  let [first, most] = [0, 0]
  for (const [at, atMs] of times.entries()) {
    while (atMs - times[first]! > check.windowMs) first++
    most = Math.max(most, at - first + 1)
  }
  expect(most).toBeLessThanOrEqual(check.limit)
}

/** The level after each of the times, by the definition of GCRA. */
function levels({ limit, periodMs }: RateCheck, timesMs: readonly number[]): number[] {
  let [level, last] = [0, 0]
  return timesMs.map((atMs) => {
    level = Math.max(0, level - ((atMs - last) * limit) / periodMs) + 1
    last = atMs
    return level
  })
}
