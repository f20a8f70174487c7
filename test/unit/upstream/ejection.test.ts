// Failure accrual of one target on a clock that stands still: when it is ejected, for how long, and what brings it back.
import { describe, expect, it } from 'vitest'
import { Ejection } from '../../../src/upstream/ejection.ts'
import type { EjectionSettings } from '../../../src/upstream/settings.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const SETTINGS: EjectionSettings = {
  failures: 5,
  successRate: 0.8,
  windowMs: 10_000,
  minimum: 5,
  baseMs: 1000,
  maxMs: 60_000,
}

function create(settings: Partial<EjectionSettings> = {}, random = () => 0) {
  const clock = new FakeClock()
  const changes: boolean[] = []
  const options = { settings: { ...SETTINGS, ...settings }, clock, random }
  const ejection = new Ejection({ ...options, onChange: (ejected) => changes.push(ejected) })
  const fail = (times: number) => {
    for (let time = 0; time < times; time++) ejection.onFailure(clock.now())
  }
  return { ejection, clock, changes, fail }
}

type Created = ReturnType<typeof create>

/** Until the next probe may go out; milliseconds. */
const waitOf = ({ ejection, clock }: Created) => ejection.ejectedUntil - clock.now()

/** Waits for the next probe and sends it. */
async function probe(created: Created): Promise<void> {
  await created.clock.advance(waitOf(created))
  created.ejection.onPick()
}

describe('failures in a row', () => {
  it('eject a target when there are enough', () => {
    const { ejection, changes, fail } = create()
    fail(4)
    expect([ejection.isAvailable(), ejection.isEjected, ejection.ejectedUntil]).toEqual([true, false, 0])
    fail(1)
    expect([ejection.isAvailable(), ejection.isEjected]).toEqual([false, true])
    expect(changes).toEqual([true])
  })

  it('are no row with a success between them', () => {
    const { ejection, clock, fail } = create({ successRate: 0 })
    for (let time = 0; time < 10; time++) {
      fail(4)
      ejection.onSuccess(clock.now())
    }
    expect(ejection.isEjected).toBe(false)
  })
})

describe('the success rate', () => {
  const everySecond = async ({ ejection, clock }: Created, outcomes: string) => {
    for (const outcome of outcomes) {
      await clock.advance(1000)
      if (outcome === 'S') ejection.onSuccess(clock.now())
      else ejection.onFailure(clock.now())
    }
  }

  it('ejects a target of which too few requests succeed', async () => {
    const created = create({ failures: 100 })
    await everySecond(created, 'FSFS')
    expect(created.ejection.isEjected).toBe(false)
    await everySecond(created, 'F')
    expect(created.ejection.isEjected).toBe(true)
  })

  it('follows the average over time: w = e^(-dt/window)', async () => {
    // Two failures after one second each leave 1 * w^2 of the rate.
    const rate = Math.exp(-0.1) ** 2
    const above = create({ failures: 100, minimum: 1, successRate: rate - 0.001 })
    await everySecond(above, 'FF')
    expect(above.ejection.isEjected).toBe(false)
    const below = create({ failures: 100, minimum: 1, successRate: rate + 0.001 })
    await everySecond(below, 'FF')
    expect(below.ejection.isEjected).toBe(true)
  })

  it('says nothing of few requests, nor of requests long ago', async () => {
    const created = create({ failures: 100, successRate: 0.99 })
    for (let hour = 0; hour < 20; hour++) {
      await created.clock.advance(3_600_000)
      created.ejection.onFailure(created.clock.now())
    }
    expect(created.ejection.isEjected).toBe(false)
  })

  it('starts anew when the target is back', async () => {
    const created = create({ failures: 100 })
    await everySecond(created, 'FSFSF')
    await probe(created)
    created.ejection.onSuccess(created.clock.now())
    await everySecond(created, 'FSSSF')
    expect(created.ejection.isEjected).toBe(false)
  })

  it('of a target that is back says nothing before there are enough requests again', async () => {
    const created = create({ failures: 100 })
    await everySecond(created, 'FSFSF')
    await probe(created)
    created.ejection.onSuccess(created.clock.now())
    await everySecond(created, 'FFFF')
    expect(created.ejection.isEjected).toBe(false)
    await everySecond(created, 'F')
    expect(created.ejection.isEjected).toBe(true)
  })
})

describe('an ejected target', () => {
  it('is away for half of the time, and for a share of the other half by chance', () => {
    for (const [dice, wait] of [
      [0, 500],
      [0.5, 750],
      [0.999, 999.5],
    ] as const) {
      const created = create({}, () => dice)
      created.fail(5)
      expect(waitOf(created)).toBeCloseTo(wait, 6)
    }
  })

  it('gets one probe when the time is over, and nothing else before that has ended', async () => {
    const created = create()
    const { ejection, clock, fail } = created
    fail(5)
    await clock.advance(499)
    expect(ejection.isAvailable()).toBe(false)
    await clock.advance(1)
    expect(ejection.isAvailable()).toBe(true)
    ejection.onPick()
    expect([ejection.isAvailable(), ejection.isEjected]).toEqual([false, true])
    await clock.advance(100_000)
    expect(ejection.isAvailable()).toBe(false)
  })

  it('is back when the probe succeeds', async () => {
    const created = create()
    created.fail(5)
    await probe(created)
    created.ejection.onSuccess(created.clock.now())
    expect([created.ejection.isAvailable(), created.ejection.ejectedUntil]).toEqual([true, 0])
    expect(created.changes).toEqual([true, false])
    created.fail(4)
    expect(created.ejection.isEjected).toBe(false)
  })

  it('is away for twice as long after each probe that fails, up to the most', async () => {
    const created = create()
    created.fail(5)
    const waits = []
    for (let time = 0; time < 9; time++) {
      waits.push(waitOf(created))
      await probe(created)
      created.fail(1)
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(created.changes).toEqual([true])
  })

  it('does not stay away for ever, however often its probes fail', async () => {
    const created = create({ maxMs: 1e15 })
    created.fail(5)
    for (let time = 0; time < 100; time++) {
      await probe(created)
      created.fail(1)
    }
    expect(waitOf(created)).toBe(500 * 2 ** 16)
  })

  it('begins with the short time again once it was back', async () => {
    const created = create()
    created.fail(5)
    await probe(created)
    created.fail(1)
    expect(waitOf(created)).toBe(1000)
    await probe(created)
    created.ejection.onSuccess(created.clock.now())
    created.fail(5)
    expect(waitOf(created)).toBe(500)
  })

  it('may be probed at once by another when the probe ended without an outcome', async () => {
    const created = create()
    created.fail(5)
    await probe(created)
    created.ejection.onIgnored()
    expect(created.ejection.isAvailable()).toBe(true)
    created.ejection.onPick()
    expect(created.ejection.isAvailable()).toBe(false)
  })

  it('is not away for longer because of requests that were under way', () => {
    const created = create()
    created.fail(5)
    const until = created.ejection.ejectedUntil
    created.fail(20)
    expect(created.ejection.ejectedUntil).toBe(until)
  })

  it('is not probed by a request that goes there for want of another', () => {
    const { ejection, fail } = create()
    fail(5)
    ejection.onPick()
    expect(ejection.ejectedUntil).toBe(500)
    ejection.onIgnored()
    expect(ejection.isAvailable()).toBe(false)
  })

  it('is back for any request that succeeds there', () => {
    const { ejection, clock, fail } = create()
    fail(5)
    ejection.onSuccess(clock.now())
    expect(ejection.isAvailable()).toBe(true)
  })
})

describe('a target in good health', () => {
  it('is not changed by picks and ignored outcomes', () => {
    const { ejection, clock, changes } = create()
    ejection.onPick()
    ejection.onIgnored()
    ejection.onSuccess(clock.now())
    expect(ejection.isAvailable()).toBe(true)
    expect(changes).toEqual([])
  })
})
