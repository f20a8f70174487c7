// Slow bodies: who is waited for too long is given up, who is only slow now and then is not.
import { describe, expect, it } from 'vitest'
import { BodyWatch, type WatchedBody } from '../../../src/edge/body-watch.ts'
import { Spread } from '../../../src/edge/spread.ts'
import type { GatewayError } from '../../../src/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class FakeBody implements WatchedBody {
  received = 0
  awaitsClient = true
  complete = false
  over = false
  error: GatewayError | undefined

  fail(error: GatewayError): void {
    this.error = error
    this.over = true
  }
}

function start() {
  const clock = new FakeClock()
  const watch = new BodyWatch(
    clock,
    { bodyRate: 100, bodyGraceMs: 5000, callSilenceMs: 60_000 },
    new Spread(clock),
  )
  const body = new FakeBody()
  watch.watch(body)
  return { clock, watch, body }
}

describe('a body', () => {
  it('of which nothing comes fails when its grace is over', async () => {
    const { clock, body } = start()
    await clock.advance(5000)
    expect(body.error).toBeUndefined()
    await clock.advance(1000)
    expect(body.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('that brings a byte a second fails as well', async () => {
    const { clock, body } = start()
    for (let second = 0; second < 7; second++) {
      body.received += 1
      await clock.advance(1000)
    }
    expect(body.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('that keeps up may take as long as it likes', async () => {
    const { clock, body } = start()
    for (let second = 0; second < 600; second++) {
      body.received += 100
      await clock.advance(1000)
    }
    expect(body.error).toBeUndefined()
  })

  it('that waits for the service is not waited for', async () => {
    const { clock, body } = start()
    body.awaitsClient = false
    await clock.advance(60_000)
    expect(body.error).toBeUndefined()
    body.awaitsClient = true
    await clock.advance(7000)
    expect(body.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('must be there by its time, however fast it comes and whoever is waited for', async () => {
    const { clock, watch } = start()
    const [quick, held] = [new FakeBody(), new FakeBody()]
    held.awaitsClient = false
    for (const body of [quick, held]) watch.watch(body, 60_000)
    for (let second = 0; second < 59; second++) {
      quick.received += 1000
      await clock.advance(1000)
    }
    expect([quick.error, held.error]).toEqual([undefined, undefined])
    await clock.advance(2000)
    expect([quick.error?.code, held.error?.code]).toEqual(['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'])
  })

  it('that has arrived by its time may wait for its reader', async () => {
    const { clock, watch } = start()
    const body = new FakeBody()
    body.awaitsClient = false
    body.complete = true
    watch.watch(body, 60_000)
    await clock.advance(600_000)
    expect(body.error).toBeUndefined()
  })

  it('that is over is forgotten, with the timer', async () => {
    const { clock, body } = start()
    body.over = true
    await clock.advance(2000)
    expect(clock.timers).toBe(0)
    expect(body.error).toBeUndefined()
  })

  it('is waited for from when it came, not from the look before', async () => {
    const clock = new FakeClock()
    const watch = new BodyWatch(
      clock,
      { bodyRate: 100, bodyGraceMs: 500, callSilenceMs: 60_000 },
      new Spread(clock),
    )
    watch.watch(new FakeBody())
    await clock.advance(999)
    const body = new FakeBody()
    watch.watch(body)
    await clock.advance(1)
    expect(body.error).toBeUndefined()
    await clock.advance(1000)
    expect(body.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('that comes later is watched again', async () => {
    const { clock, watch, body } = start()
    body.over = true
    await clock.advance(2000)
    const next = new FakeBody()
    watch.watch(next)
    await clock.advance(7000)
    expect(next.error?.code).toBe('REQUEST_TIMEOUT')
  })
})

describe('a call', () => {
  function startCall() {
    const { clock, watch } = start()
    const call = Object.assign(new FakeBody(), { isCall: true })
    watch.watchCall(call, 3_600_000)
    return { clock, call }
  }

  it('of which nothing comes at all fails when its silence is too long', async () => {
    const { clock, call } = startCall()
    await clock.advance(60_000)
    expect(call.error).toBeUndefined()
    await clock.advance(2000)
    expect(call.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('may bring a byte now and then for as long as it likes', async () => {
    const { clock, call } = startCall()
    for (let minute = 0; minute < 600; minute++) {
      await clock.advance(50_000)
      call.received += 1
    }
    expect(call.error).toBeUndefined()
    await clock.advance(63_000)
    expect(call.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('whose service turns out to be none of gRPC is a body like any other', async () => {
    const { clock, call } = startCall()
    await clock.advance(30_000)
    call.received += 1
    await clock.advance(1000)
    call.isCall = false
    await clock.advance(10_000)
    expect(call.error?.code).toBe('REQUEST_TIMEOUT')
  })

  it('that waits for the service is not waited for', async () => {
    const { clock, call } = startCall()
    call.awaitsClient = false
    await clock.advance(600_000)
    expect(call.error).toBeUndefined()
  })

  it('that is over is forgotten', async () => {
    const { clock, call } = startCall()
    call.over = true
    await clock.advance(600_000)
    expect(call.error).toBeUndefined()
  })
})
