// Heads that came to nothing: what they may be, at once and over time.
import { describe, expect, it } from 'vitest'
import { LostHeads } from '../../../../src/edge/http2/lost-heads.ts'
import { LIMITS } from '../test-limits.ts'

const heads = () => new LostHeads({ ...LIMITS.http2, resets: 10, resetsPerSecond: 5 }, 0)

describe('heads that came to nothing', () => {
  it('are none where each stream became a request', () => {
    const lost = heads()
    for (let told = 0; told < 1000; told++) expect(lost.areTooMany(told * 2 - 1, told, 0)).toBe(false)
  })

  it('may be as many as may be taken back at once', () => {
    expect(heads().areTooMany(2 * 110 - 1, 100, 0)).toBe(false)
    expect(heads().areTooMany(2 * 111 - 1, 100, 0)).toBe(true)
  })

  it('may come again as fast as the budget fills', () => {
    const lost = heads()
    expect(lost.areTooMany(19, 0, 0)).toBe(false)
    expect(lost.areTooMany(29, 0, 1000)).toBe(false)
    expect(lost.areTooMany(41, 0, 2000)).toBe(true)
  })

  it('are no more at once however long there were none', () => {
    const lost = heads()
    expect(lost.areTooMany(1, 1, 60_000)).toBe(false)
    expect(lost.areTooMany(23, 1, 60_000)).toBe(true)
  })

  it('are not counted any more once they are whole', () => {
    const lost = heads()
    for (let told = 0; told < 100; told++) {
      expect(lost.areTooMany(told * 2 + 1, told, 0)).toBe(false)
      expect(lost.areTooMany(told * 2 + 1, told + 1, 0)).toBe(false)
    }
  })
})
