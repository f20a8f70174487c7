// The state machine of the circuit, transition by transition.
import { describe, expect, it } from 'vitest'
import {
  Breaker,
  type BreakerLimits,
  type Permit,
  type Transition,
} from '../../../../plugins/circuit-breaker/breaker.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

const LIMITS: BreakerLimits = {
  errorShare: 0.5,
  slowMs: 2000,
  slowShare: 0.8,
  windowMs: 10_000,
  minimum: 4,
  openMs: 1000,
  probes: 3,
}

function start(limits: Partial<BreakerLimits> = {}) {
  const clock = new FakeClock()
  const transitions: Transition[] = []
  const breaker = new Breaker({ ...LIMITS, ...limits }, clock, (transition) => transitions.push(transition))
  const states = () => transitions.map(({ to }) => to)
  return { breaker, clock, transitions, states }
}

type Bench = ReturnType<typeof start>

function call({ breaker, clock }: Bench, outcome: 'ok' | 'failed' | 'slow'): void {
  const permit = breaker.enter()
  expect(permit).not.toBe(0)
  const startedAt = outcome === 'slow' ? clock.now() - 2001 : clock.now()
  if (outcome === 'failed') breaker.fail(permit, startedAt)
  else breaker.succeed(permit, startedAt)
}

function open(bench: Bench): void {
  for (let failures = 0; failures < 4; failures++) call(bench, 'failed')
  expect(bench.breaker.state).toBe('open')
}

async function probe(bench: Bench): Promise<Permit[]> {
  await bench.clock.advance(bench.breaker.retryAfterMs)
  const permits = [bench.breaker.enter(), bench.breaker.enter(), bench.breaker.enter()]
  expect(bench.breaker.state).toBe('half-open')
  expect(permits).not.toContain(0)
  return permits
}

describe('a closed circuit', () => {
  it('stays closed below the minimum of calls, whatever they end in', () => {
    const bench = start()
    for (let failures = 0; failures < 3; failures++) call(bench, 'failed')
    expect(bench.breaker.state).toBe('closed')
  })

  it('opens when the share of failures is reached', () => {
    const bench = start()
    call(bench, 'ok')
    call(bench, 'ok')
    call(bench, 'failed')
    expect(bench.breaker.state).toBe('closed')
    call(bench, 'failed')
    expect(bench.transitions).toEqual([
      { from: 'closed', to: 'open', calls: 4, failed: 2, slow: 0, openMs: 1000 },
    ])
  })

  it('stays closed below the share of failures', () => {
    const bench = start()
    for (let round = 0; round < 50; round++) {
      call(bench, 'ok')
      call(bench, 'ok')
      call(bench, 'failed')
    }
    expect(bench.breaker.state).toBe('closed')
  })

  it('opens when the share of slow calls is reached, though none failed', () => {
    const bench = start({ minimum: 5 })
    call(bench, 'ok')
    for (let slow = 0; slow < 3; slow++) call(bench, 'slow')
    expect(bench.breaker.state).toBe('closed')
    call(bench, 'slow')
    expect(bench.transitions).toMatchObject([{ to: 'open', calls: 5, failed: 0, slow: 4 }])
  })

  it('counts a late failure as slow too', () => {
    const bench = start({ errorShare: 1, minimum: 5 })
    for (let slow = 0; slow < 3; slow++) call(bench, 'slow')
    bench.breaker.fail(bench.breaker.enter(), -3000)
    call(bench, 'ok')
    expect(bench.transitions).toMatchObject([{ to: 'open', failed: 1, slow: 4 }])
  })

  it('does not mind slow calls when no limit is set', () => {
    const bench = start({ slowMs: Number.POSITIVE_INFINITY, slowShare: Number.POSITIVE_INFINITY })
    for (let slow = 0; slow < 50; slow++) call(bench, 'slow')
    expect(bench.breaker.state).toBe('closed')
  })

  it('forgets failures that are older than the window', async () => {
    const bench = start()
    for (let failures = 0; failures < 3; failures++) call(bench, 'failed')
    await bench.clock.advance(10_000)
    call(bench, 'failed')
    expect(bench.breaker.state).toBe('closed')
  })

  it('does not count a call that says nothing', () => {
    const bench = start()
    for (let round = 0; round < 50; round++) bench.breaker.release(bench.breaker.enter())
    for (let failures = 0; failures < 3; failures++) call(bench, 'failed')
    expect(bench.breaker.state).toBe('closed')
  })
})

describe('an open circuit', () => {
  it('refuses until its time is over and says how long that is', async () => {
    const bench = start()
    open(bench)
    expect(bench.breaker.enter()).toBe(0)
    expect(bench.breaker.retryAfterMs).toBe(1000)
    await bench.clock.advance(999)
    expect(bench.breaker.enter()).toBe(0)
    expect(bench.breaker.retryAfterMs).toBe(1)
    await bench.clock.advance(1)
    expect(bench.breaker.enter()).not.toBe(0)
    expect(bench.states()).toEqual(['open', 'half-open'])
  })

  it('is not moved by calls that were let through before', () => {
    const bench = start()
    const before = [bench.breaker.enter(), bench.breaker.enter(), bench.breaker.enter()]
    open(bench)
    for (const permit of before) bench.breaker.succeed(permit, 0)
    expect(bench.states()).toEqual(['open'])
  })
})

describe('a half-open circuit', () => {
  it('lets only its probes through', async () => {
    const bench = start()
    open(bench)
    await probe(bench)
    expect(bench.breaker.enter()).toBe(0)
    expect(bench.breaker.retryAfterMs).toBe(0)
  })

  it('is judged only when all probes are back, and closes when enough were good', async () => {
    const bench = start()
    open(bench)
    const [first, second, third] = await probe(bench)
    bench.breaker.fail(first!, bench.clock.now())
    bench.breaker.succeed(second!, bench.clock.now())
    expect(bench.breaker.state).toBe('half-open')
    bench.breaker.succeed(third!, bench.clock.now())
    expect(bench.transitions.at(-1)).toMatchObject({ from: 'half-open', to: 'closed', calls: 3, failed: 1 })
  })

  it('opens again when too many probes failed', async () => {
    const bench = start()
    open(bench)
    const [first, second, third] = await probe(bench)
    bench.breaker.fail(first!, bench.clock.now())
    bench.breaker.fail(second!, bench.clock.now())
    bench.breaker.succeed(third!, bench.clock.now())
    expect(bench.states()).toEqual(['open', 'half-open', 'open'])
  })

  it('opens again when too many probes were slow', async () => {
    const bench = start()
    open(bench)
    const permits = await probe(bench)
    for (const permit of permits) bench.breaker.succeed(permit, bench.clock.now() - 5000)
    expect(bench.states()).toEqual(['open', 'half-open', 'open'])
  })

  it('rests twice as long each time the probes fail, up to eight times', async () => {
    const bench = start()
    open(bench)
    const rests = [bench.breaker.retryAfterMs]
    for (let round = 0; round < 5; round++) {
      for (const permit of await probe(bench)) bench.breaker.fail(permit, bench.clock.now())
      rests.push(bench.breaker.retryAfterMs)
    }
    expect(rests).toEqual([1000, 2000, 4000, 8000, 8000, 8000])
  })

  it('rests for the first time again after it was closed', async () => {
    const bench = start()
    open(bench)
    for (const permit of await probe(bench)) bench.breaker.fail(permit, bench.clock.now())
    for (const permit of await probe(bench)) bench.breaker.succeed(permit, bench.clock.now())
    expect(bench.breaker.state).toBe('closed')
    open(bench)
    expect(bench.breaker.retryAfterMs).toBe(1000)
  })

  it('gives the permit of a call that says nothing to another', async () => {
    const bench = start()
    open(bench)
    const [first, second, third] = await probe(bench)
    bench.breaker.release(first!)
    const instead = bench.breaker.enter()
    expect(instead).not.toBe(0)
    expect(bench.breaker.enter()).toBe(0)
    for (const permit of [second!, third!, instead]) bench.breaker.succeed(permit, bench.clock.now())
    expect(bench.breaker.state).toBe('closed')
  })

  it('is not wedged by probes that never come back', async () => {
    const bench = start()
    open(bench)
    const [first] = await probe(bench)
    bench.breaker.succeed(first!, bench.clock.now())
    await bench.clock.advance(999)
    expect(bench.breaker.enter()).toBe(0)
    await bench.clock.advance(1)
    const instead = [bench.breaker.enter(), bench.breaker.enter()]
    expect(instead).not.toContain(0)
    expect(bench.breaker.enter()).toBe(0)
    for (const permit of instead) bench.breaker.succeed(permit, bench.clock.now())
    expect(bench.breaker.state).toBe('closed')
  })

  it('does not listen to lost probes that come back after they were replaced', async () => {
    const bench = start()
    open(bench)
    const lost = await probe(bench)
    await bench.clock.advance(1000)
    const instead = [bench.breaker.enter(), bench.breaker.enter(), bench.breaker.enter()]
    for (const permit of lost) bench.breaker.fail(permit, 0)
    bench.breaker.release(lost[0]!)
    expect(bench.breaker.enter()).toBe(0)
    expect(bench.breaker.state).toBe('half-open')
    for (const permit of instead) bench.breaker.succeed(permit, bench.clock.now())
    expect(bench.breaker.state).toBe('closed')
  })

  it('forgets the failures of before when it closes', async () => {
    const bench = start({ openMs: 100 })
    open(bench)
    for (const permit of await probe(bench)) bench.breaker.succeed(permit, bench.clock.now())
    for (let failures = 0; failures < 3; failures++) call(bench, 'failed')
    expect(bench.breaker.state).toBe('closed')
  })
})
