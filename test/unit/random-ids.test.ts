import { describe, expect, it } from 'vitest'
import { createRandomIds } from '../../src/random-ids.ts'

describe('random ids', () => {
  it('are lower-case hex of the asked length, and do not repeat', () => {
    const ids = createRandomIds()
    const seen = new Set<string>()
    for (let n = 0; n < 5000; n++) {
      const id = ids.hex(n % 2 ? 16 : 8)
      expect(id).toMatch(n % 2 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/)
      seen.add(id)
    }
    expect(seen.size).toBe(5000)
  })

  it('are never all zeros', () => {
    let page = 0
    const ids = createRandomIds((bytes) => bytes.fill(page++))
    expect(ids.hex(8)).toBe('01'.repeat(8))
  })

  it('draw a page at a time', () => {
    let pages = 0
    const ids = createRandomIds((bytes) => bytes.fill(++pages))
    for (let n = 0; n < 128; n++) ids.hex(8)
    expect(pages).toBe(1)
    ids.hex(8)
    expect(pages).toBe(2)
  })
})
