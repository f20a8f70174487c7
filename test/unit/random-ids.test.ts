import { randomFillSync } from 'node:crypto'
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

  it('are cut from 16 KB, of which each byte is used once, before more is drawn', () => {
    const drawn: Buffer[] = []
    const ids = createRandomIds((bytes) => void drawn.push(Buffer.from(randomFillSync(bytes))))
    const all = Array.from({ length: 2048 }, () => ids.hex(8)).join('')
    expect(drawn.map((bytes) => bytes.toString('hex'))).toEqual([all])
    ids.hex(8)
    expect(drawn.length).toBe(2)
  })
})
