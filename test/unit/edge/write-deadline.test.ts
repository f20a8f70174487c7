// The deadline of one part of an answer: what it cuts, and when it leaves an answer alone.
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { ClientResponse } from '../../../src/edge/client-request.ts'
import { WriteDeadline } from '../../../src/edge/write-deadline.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class Response extends EventEmitter {
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

function watched(writeTimeoutMs = 1000) {
  const clock = new FakeClock()
  const response = new Response()
  const deadline = new WriteDeadline(response as unknown as ClientResponse, clock, writeTimeoutMs)
  return { clock, response, deadline }
}

describe('a part of an answer', () => {
  it('that is not taken for four times the limit cuts the connection', async () => {
    const { clock, response, deadline } = watched()
    deadline.start()
    await clock.advance(3999)
    deadline.start()
    expect(response.destroyed).toBe(false)
    await clock.advance(1)
    expect(response.destroyed).toBe(true)
  })

  it('that was taken gives the next one its whole time', async () => {
    const { clock, response, deadline } = watched()
    deadline.start()
    await clock.advance(3999)
    deadline.stop()
    deadline.start()
    await clock.advance(3999)
    expect(response.destroyed).toBe(false)
  })

  it('leaves nothing behind when the answer has ended', async () => {
    const { clock, response, deadline } = watched()
    deadline.start()
    response.emit('close')
    await clock.advance(10_000)
    expect(response.destroyed).toBe(false)
  })
})
