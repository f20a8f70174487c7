// State that outlives generations: shared by key, closed when the last holder lets go.
import { describe, expect, it } from 'vitest'
import { KeptState } from '../../src/kept-state.ts'

class State {
  closed = 0

  async close(): Promise<void> {
    await Promise.resolve()
    this.closed++
  }
}

const first = { generation: 1 }
const second = { generation: 2 }

describe('holding', () => {
  it('makes a state once per key and gives the same one to all', () => {
    const kept = new KeptState()
    let made = 0
    const create = () => ({ number: ++made })
    const state = kept.hold(first, 'breaker', create)
    expect(kept.hold(first, 'breaker', create)).toBe(state)
    expect(kept.hold(second, 'breaker', create)).toBe(state)
    expect(kept.hold(first, 'budget', create)).not.toBe(state)
    expect(made).toBe(2)
  })

  it('keeps nothing of a state that could not be made', () => {
    const kept = new KeptState()
    const failing = () => {
      throw new Error('no')
    }
    expect(() => kept.hold(first, 'key', failing)).toThrow('no')
    const state = new State()
    expect(kept.hold(first, 'key', () => state)).toBe(state)
  })
})

describe('letting go', () => {
  it('closes a state when its last holder lets go, and only then', async () => {
    const kept = new KeptState()
    const state = kept.hold(first, 'key', () => new State())
    kept.hold(second, 'key', () => new State())
    await kept.release(first)
    expect(state.closed).toBe(0)
    await kept.release(second)
    expect(state.closed).toBe(1)
  })

  it('counts a holder once, however often it asked', async () => {
    const kept = new KeptState()
    const state = kept.hold(first, 'key', () => new State())
    kept.hold(first, 'key', () => new State())
    await kept.release(first)
    expect(state.closed).toBe(1)
  })

  it('makes a new state after the old one was closed', async () => {
    const kept = new KeptState()
    const old = kept.hold(first, 'key', () => new State())
    await kept.release(first)
    expect(kept.hold(second, 'key', () => new State())).not.toBe(old)
  })

  it('does not mind a stranger, or a state without an end', async () => {
    const kept = new KeptState()
    const state = kept.hold(first, 'key', () => new State())
    kept.hold(first, 'plain', () => ({ close: 'not a function' }))
    await kept.release(second)
    expect(state.closed).toBe(0)
    await kept.release(first)
    await kept.release(first)
    expect(state.closed).toBe(1)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('stuck')
      },
    ],
    ['rejects', () => Promise.reject(new Error('stuck'))],
  ])('closes the others as well when a close %s, and says so', async (_how, close) => {
    const kept = new KeptState()
    kept.hold(first, 'bad', () => ({ close }))
    const other = kept.hold(first, 'good', () => new State())
    await expect(kept.release(first)).rejects.toThrow('stuck')
    await Promise.resolve()
    expect(other.closed).toBe(1)
    await kept.release(first)
    expect(other.closed).toBe(1)
  })
})
