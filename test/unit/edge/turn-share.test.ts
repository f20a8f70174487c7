// Large bodies take turns, in the order in which they came, and less of each turn while clients connect.
import { beforeEach, describe, expect, it } from 'vitest'
import { TurnShare } from '../../../src/edge/turn-share.ts'

const KIB = 1024

let next: (() => void)[]
let share: TurnShare
let gone: string[]

beforeEach(() => {
  next = []
  gone = []
  share = new TurnShare((run) => next.push(run))
})

const turn = (): void => {
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
    for (let part = 0; part < 511; part++) expect(share.spend(KIB, goOn)).toBe(true)
    expect(share.spend(KIB, goOn)).toBe(false)
    turn()
    expect(gone).toEqual(['late'])
    expect(share.spend(KIB, goOn)).toBe(true)
  })

  it('goes to those who have waited longest', () => {
    transfer('a')
    transfer('b')
    transfer('c')
    expect(gone.join('')).toBe('aaaaaaaabc')
    for (const name of ['a', 'b', 'c', 'a']) {
      gone.length = 0
      turn()
      expect(gone.join('')).toBe(name.repeat(7))
    }
  })

  it('counts those who go on, as what they move comes later', () => {
    while (share.spend(64 * KIB, () => gone.push('first')));
    for (let one = 0; one < 20; one++) share.spend(0, () => gone.push('more'))
    turn()
    expect(gone).toHaveLength(8)
    turn()
    expect(gone).toHaveLength(16)
    turn()
    expect(gone).toHaveLength(21)
  })

  it('is smaller while many wait', () => {
    while (share.spend(64 * KIB, () => {}));
    for (let one = 0; one < 40; one++) share.spend(0, () => gone.push('one of many'))
    turn()
    expect(gone).toHaveLength(1)
    turn()
    expect(gone).toHaveLength(3)
  })

  it('lets a few clients be given up in each turn', () => {
    for (let one = 0; one < 20; one++) share.take(() => gone.push('given up'))
    expect(gone).toHaveLength(7)
    turn()
    expect(gone).toHaveLength(15)
    turn()
    expect(gone).toHaveLength(20)
  })

  it('is small in the turn in which a client connects and in the next one', () => {
    share.onArrival()
    transfer('a')
    expect(gone).toEqual(['a'])
    turn()
    expect(gone).toEqual(['a', 'a'])
    turn()
    expect(gone).toHaveLength(9)
  })

  it('costs nothing while nothing is sent', () => {
    share.spend(KIB, () => {})
    turn()
    expect(next).toEqual([])
  })
})
