// Large bodies take turns, in the order in which they came.
import { beforeEach, describe, expect, it } from 'vitest'
import { TurnShare } from '../../../src/edge/turn-share.ts'

const KIB = 1024

let next: (() => void)[]
let share: TurnShare
let gone: string[]
let now: number

beforeEach(() => {
  next = []
  gone = []
  now = 0
  share = new TurnShare(
    (run) => next.push(run),
    () => now,
  )
})

const turn = (ms = 0.1): void => {
  now += ms
  for (const run of next.splice(0)) run()
}

/** A transfer that has parts of 64 KiB without end. */
const transfer = (name: string): void => {
  const go = (): void => {
    do gone.push(name)
    while (share.spend(64 * KIB, go))
  }
  go()
}

describe('a share of each turn', () => {
  it('is enough for small parts, however many transfers there are', () => {
    const goOn = () => gone.push('late')
    for (let part = 0; part < 96; part++) expect(share.spend(KIB, goOn)).toBe(true)
    expect(share.spend(KIB, goOn)).toBe(false)
    turn()
    expect(gone).toEqual(['late'])
    expect(share.spend(KIB, goOn)).toBe(true)
  })

  it('goes to those who have waited longest', () => {
    transfer('a')
    transfer('b')
    transfer('c')
    expect(gone.join('')).toBe('abc')
    for (let at = 0; at < 4; at++) turn()
    expect(gone.join('')).toBe('abcabca')
  })

  it('is left to all others in every second turn while those with a part take long', () => {
    transfer('a')
    transfer('b')
    turn()
    expect(gone.join('')).toBe('aba')
    turn(0.6)
    expect(gone.join('')).toBe('aba')
    turn()
    expect(gone.join('')).toBe('abab')
    turn()
    expect(gone.join('')).toBe('ababa')
  })

  it('is one read for each of those who wait, though its framing is no part of the body', () => {
    const reads: string[] = []
    const go = (): void => {
      do reads.push('read')
      while (share.spend(64 * KIB - 9, go))
    }
    while (share.spend(64 * KIB, go));
    for (const expected of [1, 2, 3]) {
      turn()
      expect(reads).toHaveLength(expected)
    }
  })

  it('counts those who go on, as what they move comes later', () => {
    while (share.spend(64 * KIB, () => gone.push('first')));
    turn()
    expect(gone).toEqual(['first'])
    expect(share.spend(64 * KIB, () => {})).toBe(false)
  })

  it('goes to the next one when those ahead have nothing more to send', () => {
    for (let one = 0; one < 4; one++) share.spend(64 * KIB, () => gone.push('go on'))
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
    share.spend(KIB, () => {})
    turn()
    expect(next).toEqual([])
  })
})
