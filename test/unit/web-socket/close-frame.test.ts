// Close frames, byte by byte (RFC 6455 section 5.2).
import { describe, expect, it } from 'vitest'
import { closeFrame, maskedCloseFrame } from '../../../src/web-socket/close-frame.ts'

/** The code in a masked frame. */
function unmasked(bytes: Buffer): number {
  return ((bytes[6]! ^ bytes[2]!) << 8) | (bytes[7]! ^ bytes[3]!)
}

describe('a close frame', () => {
  it('of a server is the code alone', () => {
    expect(closeFrame(1001)).toEqual(Buffer.from([0x88, 0x02, 0x03, 0xe9]))
    expect(closeFrame(4999)).toEqual(Buffer.from([0x88, 0x02, 0x13, 0x87]))
  })

  it('of a client is masked', () => {
    const bytes = maskedCloseFrame(1001)
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0x88, 0x82]))
    expect(bytes).toHaveLength(8)
    expect(unmasked(bytes)).toBe(1001)
    expect(unmasked(maskedCloseFrame(4999))).toBe(4999)
  })

  it('has another mask each time', () => {
    const masks = new Set(Array.from({ length: 20 }, () => maskedCloseFrame(1001).toString('hex', 2, 6)))
    expect(masks.size).toBeGreaterThan(1)
  })
})
