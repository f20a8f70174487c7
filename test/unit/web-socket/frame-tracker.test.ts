// Where frames end, however the bytes are cut.

import { describe, expect, it } from 'vitest'
import { FrameTracker } from '../../../src/web-socket/frame-tracker.ts'
import { fc } from '../../support/property.ts'
import { frame } from './frames.ts'

const frames = fc.array(
  fc.record({
    length: fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_000)),
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    fin: fc.boolean(),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
)

describe('a frame tracker', () => {
  it('is at a boundary exactly where a frame has ended', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 }), (list, cuts) => {
        const parts = list.map(({ length, ...options }) => frame(Buffer.alloc(length, 0x88), options))
        const ends = new Set([0])
        for (const part of parts) ends.add(Math.max(...ends) + part.length)
        const bytes = Buffer.concat(parts)
        const tracker = new FrameTracker()
        let at = 0
        for (const size of [...cuts, bytes.length]) {
          const chunk = bytes.subarray(at, at + size)
          expect(tracker.push(chunk)).toBe(chunk.length)
          at += chunk.length
          expect(tracker.atBoundary).toBe(ends.has(at))
        }
        // Payloads full of what would open a close frame say nothing.
        expect(tracker.closed).toBe(false)
      }),
    )
  })

  it('is right after each single byte', () => {
    const parts = [frame('x'.repeat(300), { masked: true }), frame(''), frame('y', { masked: true })]
    const ends = [parts[0]!.length, parts[0]!.length + 2, parts[0]!.length + 2 + 7]
    const tracker = new FrameTracker()
    Buffer.concat(parts).forEach((byte, at) => {
      tracker.push(Buffer.of(byte))
      expect(tracker.atBoundary).toBe(ends.includes(at + 1))
    })
  })

  it('stops at the end of the frame under way when it is asked to', () => {
    const tracker = new FrameTracker()
    const first = frame('first')
    tracker.push(first.subarray(0, 3))
    const rest = Buffer.concat([first.subarray(3), frame('second')])
    expect(tracker.push(rest, true)).toBe(first.length - 3)
    expect(tracker.push(rest, true)).toBe(0)
    expect(tracker.atBoundary).toBe(true)
  })

  it('knows that the sender has closed', () => {
    const tracker = new FrameTracker()
    tracker.push(frame('bye'))
    expect(tracker.closed).toBe(false)
    tracker.push(frame('\x03\xe8', { opcode: 8 }))
    expect(tracker.closed).toBe(true)
  })

  it('never finds the end of a frame that is longer than anybody lives', () => {
    const tracker = new FrameTracker()
    tracker.push(Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    tracker.push(Buffer.alloc(100_000))
    expect(tracker.atBoundary).toBe(false)
  })
})
