import { describe, expect, it } from 'vitest'
import { createNodeRegistry } from '../../../src/cluster/nodes.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingLogger } from '../store/recorders.ts'

interface Beat {
  readonly id: string
  readonly ttlMs: number
}

function setUp(answer: () => Promise<number>) {
  const clock = new FakeClock()
  const logger = new RecordingLogger()
  const beats: Beat[] = []
  const beat = (id: string, ttlMs: number): Promise<number> => {
    beats.push({ id, ttlMs })
    return answer()
  }
  const registry = createNodeRegistry({ beat, id: 'me', clock, logger, random: () => 0.5, keepMs: 60_000 })
  return { clock, logger, beats, registry }
}

describe('the node registry', () => {
  it('counts itself alone before it has heard anything', () => {
    expect(setUp(() => new Promise(() => {})).registry.nodes()).toBe(1)
  })

  it('announces itself at once and then every two seconds, to live for three beats', async () => {
    const { clock, beats } = setUp(async () => 1)
    await clock.advance(6000)
    expect(beats).toEqual(Array(4).fill({ id: 'me', ttlMs: 6000 }))
  })

  it('follows the number that it hears and logs each change', async () => {
    let living = 3
    const { clock, logger, registry } = setUp(async () => living)
    await clock.advance(0)
    expect(registry.nodes()).toBe(3)
    living = 2
    await clock.advance(4000)
    expect(registry.nodes()).toBe(2)
    expect(logger.lines.map((line) => line.facts)).toEqual([
      { nodes: 3, before: 1 },
      { nodes: 2, before: 3 },
    ])
  })

  it('believes the last count for a while when the store is down, without a line per beat', async () => {
    let up = true
    const { clock, logger, registry, beats } = setUp(async () => {
      if (!up) throw new Error('down')
      return 5
    })
    await clock.advance(0)
    up = false
    await clock.advance(59_000)
    expect(registry.nodes()).toBe(5)
    await clock.advance(2000)
    expect(registry.nodes()).toBe(1)
    expect(beats.length).toBeGreaterThan(25)
    expect(logger.lines).toHaveLength(1)
    up = true
    await clock.advance(2000)
    expect(registry.nodes()).toBe(5)
  })

  it('spreads the beats of nodes that started together', async () => {
    const counts = [0, 1].map((random) => {
      const clock = new FakeClock()
      let beats = 0
      const beat = async (): Promise<number> => ++beats
      createNodeRegistry({ beat, id: 'me', clock, logger: new RecordingLogger(), random: () => random })
      return { clock, beats: () => beats }
    })
    for (const { clock } of counts) await clock.advance(19_800)
    expect(counts.map(({ beats }) => beats())).toEqual([12, 10])
  })

  it.each([0, -3, Number.NaN])('never says less than 1, whatever it hears: %d', async (heard) => {
    const { clock, registry } = setUp(async () => heard)
    await clock.advance(0)
    expect(registry.nodes()).toBe(1)
  })

  it('leaves when it is closed and leaves no timer behind', async () => {
    const { clock, beats, registry } = setUp(async () => 1)
    await clock.advance(0)
    await registry.close()
    await clock.advance(10_000)
    expect(beats.at(-1)).toEqual({ id: 'me', ttlMs: 0 })
    expect(beats).toHaveLength(2)
    expect(clock.timers).toBe(0)
  })

  it('closes although the store is down', async () => {
    const { clock, registry } = setUp(async () => {
      throw new Error('down')
    })
    await clock.advance(0)
    await registry.close()
    expect(clock.timers).toBe(0)
  })
})
