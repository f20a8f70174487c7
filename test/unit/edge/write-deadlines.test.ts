// By when a client must have taken what waits for it: what is cut, and what is left alone.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Spread } from '../../../src/edge/spread.ts'
import { WriteDeadlines } from '../../../src/edge/write-deadlines.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** How often the deadlines are looked at. */
const LOOK_MS = 1000

class Response extends EventEmitter {
  socket: Socket | null = {} as Socket
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

function start(timeoutMs = 5000) {
  const clock = new FakeClock()
  return {
    clock,
    response: new Response(),
    deadlines: new WriteDeadlines(clock, timeoutMs, new Spread(clock)),
  }
}

describe('a part of an answer', () => {
  it('that is not taken for four times the limit cuts the connection', async () => {
    const { clock, response, deadlines } = start()
    deadlines.startPart(response)
    await clock.advance(19_000)
    deadlines.startPart(response)
    expect(response.destroyed).toBe(false)
    await clock.advance(LOOK_MS)
    expect(response.destroyed).toBe(true)
  })

  it('that was taken gives the next one its whole time', async () => {
    const { clock, response, deadlines } = start()
    deadlines.startPart(response)
    await clock.advance(19_000)
    deadlines.stop(response)
    deadlines.startPart(response)
    await clock.advance(19_000)
    expect(response.destroyed).toBe(false)
  })
})

describe('a small answer', () => {
  it('must have been taken within the limit', async () => {
    const { clock, response, deadlines } = start()
    deadlines.startWhole(response)
    await clock.advance(4000)
    expect(response.destroyed).toBe(false)
    await clock.advance(LOOK_MS)
    expect(response.destroyed).toBe(true)
  })

  it('leaves nothing behind when it has ended', async () => {
    const { clock, response, deadlines } = start()
    deadlines.startWhole(response)
    response.emit('close')
    await clock.advance(10_000)
    expect(response.destroyed).toBe(false)
    expect(clock.timers).toBe(0)
  })
})
