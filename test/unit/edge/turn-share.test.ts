// Large bodies take turns, in the order in which they came.
import { beforeEach, describe, expect, it } from 'vitest'
import { TurnShare } from '../../../src/edge/turn-share.ts'

const KIB = 1024

let next: (() => void)[]
let later: { readonly at: number; run(): void }[]
let share: TurnShare
let gone: string[]
let now: number

beforeEach(() => {
  next = []
  later = []
  gone = []
  now = 0
  share = newShare()
})

const newShare = () =>
  new TurnShare({
    nextTurn: (run) => next.push(run),
    after: (ms, run) => later.push({ at: now + ms, run }),
    now: () => now,
  })

const turn = (ms = 0.1): void => {
  now += ms
  const due = later.filter(({ at }) => at <= now)
  later = later.filter(({ at }) => at > now)
  for (const { run } of due) run()
  for (const run of next.splice(0)) run()
}

/** A transfer that has parts of 64 KiB without end, each of which takes so long to write. */
const transfer = (name: string, ms = 0.07, bytes = 64 * KIB): void => {
  const go = (): void => {
    do {
      gone.push(name)
      now += ms
    } while (share.spend(bytes, ms, go))
  }
  go()
}

describe('a share of each turn', () => {
  it('is enough for small parts, however many transfers there are', () => {
    const goOn = () => gone.push('late')
    for (let part = 0; part < 96; part++) expect(share.spend(KIB, 0.01, goOn)).toBe(true)
    expect(share.spend(KIB, 0.01, goOn)).toBe(false)
    turn()
    expect(gone).toEqual(['late'])
    expect(share.spend(KIB, 0.01, goOn)).toBe(true)
  })

  it('goes to those who have waited longest', () => {
    transfer('a')
    transfer('b')
    transfer('c')
    expect(gone.join('')).toBe('abc')
    for (let at = 0; at < 4; at++) turn()
    expect(gone.join('')).toBe('abcabca')
  })

  it('is left to all others in every second turn while parts take long, as all do on a slow machine', () => {
    transfer('a', 0.6)
    transfer('b', 0.6)
    turn()
    expect(gone.join('')).toBe('ab')
    for (let at = 0; at < 4; at++) turn()
    expect(gone.join('')).toBe('abab')
  })

  it('is one read for each of those who wait, though its framing is no part of the body', () => {
    const reads: string[] = []
    const go = (): void => {
      do reads.push('read')
      while (share.spend(64 * KIB - 9, 0.07, go))
    }
    while (share.spend(64 * KIB, 0.07, go));
    for (const expected of [1, 2, 3]) {
      turn()
      expect(reads).toHaveLength(expected)
    }
  })

  it('counts those who go on, as what they move comes later', () => {
    while (share.spend(64 * KIB, 0.07, () => gone.push('first')));
    turn()
    expect(gone).toEqual(['first'])
    expect(share.spend(64 * KIB, 0.07, () => {})).toBe(false)
  })

  it('goes to the next one when those ahead have nothing more to send', () => {
    for (let one = 0; one < 4; one++) share.spend(64 * KIB, 0.07, () => gone.push('go on'))
    for (let at = 0; at < 3; at++) turn()
    expect(gone).toHaveLength(3)
  })

  it('lets one that has nothing to count yet wait for its turn', () => {
    transfer('a')
    share.wait(() => gone.push('b'))
    expect(gone.join('')).toBe('a')
    turn()
    turn()
    expect(gone.join('')).toBe('aab')
  })

  it('costs nothing while nothing is sent', () => {
    share.spend(KIB, 0.01, () => {})
    turn()
    expect(next).toEqual([])
  })
})

describe('clients to whom a byte costs much more than to others', () => {
  it('have a fifth of the time, however many they are, and all others go on meanwhile', () => {
    transfer('n')
    for (const name of ['a', 'b', 'c']) transfer(name, 1)
    gone = []
    const from = now
    while (now < from + 100) turn()
    const costly = gone.filter((name) => name !== 'n').join('')
    expect(costly).toMatch(/^(abc)+a?b?$/)
    expect(costly.length / (now - from)).toBeGreaterThan(0.18)
    expect(costly.length / (now - from)).toBeLessThanOrEqual(0.2)
    expect(gone.length - costly.length).toBeGreaterThan(300)
  })

  it('rest by a timer, not by turns', () => {
    share.spend(64 * KIB, 0.07, () => {})
    turn()
    turn()
    share.spend(64 * KIB, 1, () => gone.push('a'))
    turn()
    turn()
    expect(next).toEqual([])
    expect(later.map(({ at }) => Math.round(at - now))).toEqual([4])
    gone = []
    turn(4)
    expect(gone).toEqual(['a'])
    expect([next, later]).toEqual([[], []])
  })

  it('are found by small parts too, but not by very small ones', () => {
    const rests = (bytes: number, ms: number): boolean => {
      share = newShare()
      share.spend(64 * KIB, 0.07, () => {})
      for (let at = 0; at < 3; at++) turn()
      return !share.spend(bytes, ms, () => {})
    }
    expect(rests(8 * KIB, 0.01)).toBe(false)
    expect(rests(8 * KIB, 0.1)).toBe(true)
    expect(rests(4 * KIB, 0.1)).toBe(false)
  })

  it('are not told where writing does not send', () => {
    expect(share.spend(8 * KIB, undefined, () => {})).toBe(true)
    expect(share.spend(8 * KIB, 0.3, () => {})).toBe(true)
  })
})
