// The tunnels that are open: all of them can be ended, and old configurations do not add up.
import { describe, expect, it } from 'vitest'
import { OpenByGeneration } from '../../src/open-by-generation.ts'

class FakeTunnel {
  readonly #ended = Promise.withResolvers<void>()
  readonly ended = this.#ended.promise
  told = false

  goAway(): void {
    this.told = true
  }

  async end(): Promise<void> {
    this.#ended.resolve()
    await this.ended
  }
}

const generations = (count: number) => Array.from({ length: count }, (_, number) => ({ number }))

describe('open tunnels', () => {
  it('are told to go away, and waited for', async () => {
    const open = new OpenByGeneration()
    const [a, b, gone] = [new FakeTunnel(), new FakeTunnel(), new FakeTunnel()]
    const [first, second] = generations(2)
    open.add(a, first!)
    open.add(b, second!)
    open.add(gone, first!)
    await gone.end()
    let closed = false
    const closing = open.closeAll().then(() => {
      closed = true
    })
    expect([a.told, b.told, gone.told]).toEqual([true, true, false])
    await a.end()
    expect(closed).toBe(false)
    await b.end()
    await closing
  })

  it('of 32 generations live side by side; with one more those of the oldest are told to go away', () => {
    const open = new OpenByGeneration()
    const tunnels = generations(33).map((generation) => {
      const pair = [new FakeTunnel(), new FakeTunnel()]
      for (const tunnel of pair) open.add(tunnel, generation)
      return pair
    })
    expect(tunnels.map((pair) => pair.map(({ told }) => told))).toEqual([
      [true, true],
      ...Array.from({ length: 32 }, () => [false, false]),
    ])
  })

  it('that have ended keep no generation', async () => {
    const open = new OpenByGeneration()
    const first = new FakeTunnel()
    for (const generation of generations(40)) {
      const tunnel = new FakeTunnel()
      open.add(tunnel, generation)
      if (generation.number === 0) open.add(first, generation)
      await tunnel.end()
    }
    expect(first.told).toBe(false)
  })
})
