// Where frames end and which may pass, however the bytes are cut.
import { describe, expect, it } from 'vitest'
import { FrameReader } from '../../../src/web-socket/frame-reader.ts'
import { agreedExtensions, type FrameRules } from '../../../src/web-socket/frame-rules.ts'
import { fc } from '../../support/property.ts'
import { type FrameOptions, frame } from './frames.ts'

const RULES: FrameRules = { masked: false, extensions: 'none', messageBytes: 1_000_000 }

const frames = fc.array(
  fc.record({
    length: fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 127, 65_535, 65_536, 70_000)),
    opcode: fc.constantFrom(1, 2),
  }),
  { minLength: 1, maxLength: 5 },
)

/** Pieces as a relay hands them on: what is left of one comes again before the next. */
function readAll(reader: FrameReader, pieces: readonly Buffer[]): Buffer {
  const passed: Buffer[] = []
  let held: Buffer = Buffer.alloc(0)
  for (const piece of pieces) {
    const bytes = Buffer.concat([held, piece])
    const whole = reader.read(bytes)
    passed.push(bytes.subarray(0, whole))
    held = bytes.subarray(whole)
    if (reader.fault === undefined) expect(held.length).toBeLessThan(14)
  }
  return Buffer.concat(passed)
}

const inBytes = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.of(byte))

describe('a frame reader', () => {
  it('passes on whole frames as they are, and is at a boundary exactly where one has ended', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 }), (list, cuts) => {
        const parts = list.map(({ length, opcode }) => frame(Buffer.alloc(length, 0x88), { opcode }))
        const bytes = Buffer.concat(parts)
        const reader = new FrameReader(RULES)
        const pieces: Buffer[] = []
        let at = 0
        for (const size of [...cuts, bytes.length]) {
          pieces.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(readAll(reader, pieces)).toEqual(bytes)
        expect(reader.atBoundary).toBe(true)
        // Payloads full of what would open a close frame say nothing.
        expect([reader.closed, reader.fault]).toEqual([false, undefined])
      }),
    )
  })

  it('keeps back a header that is not whole, to its last byte', () => {
    const bytes = frame(Buffer.alloc(70_000), { masked: true })
    for (let length = 0; length < 14; length++) {
      const reader = new FrameReader({ ...RULES, masked: true })
      expect(reader.read(bytes.subarray(0, length))).toBe(0)
      expect(reader.atBoundary).toBe(true)
    }
    expect(new FrameReader({ ...RULES, masked: true }).read(bytes.subarray(0, 14))).toBe(14)
  })

  it('stops at the end of the frame under way when it is asked to', () => {
    const reader = new FrameReader(RULES)
    const first = frame('first')
    reader.read(first.subarray(0, 3))
    const rest = Buffer.concat([first.subarray(3), frame('second')])
    expect(reader.read(rest, true)).toBe(first.length - 3)
    expect(reader.read(rest.subarray(first.length - 3), true)).toBe(0)
    expect(reader.atBoundary).toBe(true)
  })

  it('knows that the sender has closed', () => {
    const reader = new FrameReader(RULES)
    reader.read(frame('bye'))
    expect(reader.closed).toBe(false)
    reader.read(frame('\x03\xe8', { opcode: 8 }))
    expect(reader.closed).toBe(true)
  })
})

interface Judged {
  readonly fault: number | undefined
  readonly passed: number
}

/** The same in one piece and byte by byte. */
function judge(parts: readonly Buffer[], rules: Partial<FrameRules> = {}): Judged {
  const bytes = Buffer.concat(parts)
  const judged = [[bytes], inBytes(bytes)].map((pieces) => {
    const reader = new FrameReader({ ...RULES, ...rules })
    const passed = readAll(reader, pieces).length
    return { fault: reader.fault, passed }
  })
  expect(judged[1]).toEqual(judged[0])
  return judged[0]!
}

const part = (options: FrameOptions, payload = 'x') => frame(payload, options)
const reserved = (bits: number, options: FrameOptions = {}) => {
  const bytes = part(options)
  bytes[0]! |= bits
  return bytes
}
/** A length in a form that is longer than it needs. */
const long = (length: number) => Buffer.from([0x82, 126, length >> 8, length & 0xff, ...Buffer.alloc(length)])
const endless = Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 1])

describe('a frame that may not be', () => {
  it.each<[string, Buffer[]]>([
    ['is masked where none may be', [part({ masked: true })]],
    ['has a reserved bit that nobody has agreed on', [reserved(0x40)]],
    ['has an opcode for data that nobody knows', [part({ opcode: 3 })]],
    ['has an opcode for control that nobody knows', [part({ opcode: 11 })]],
    ['is a control frame in parts', [part({ opcode: 9, fin: false })]],
    ['is a control frame of more than 125 bytes', [part({ opcode: 9 }, 'x'.repeat(126))]],
    ['is a close frame with half a code', [part({ opcode: 8 })]],
    ['goes on with nothing', [part({ opcode: 0 })]],
    ['begins a message inside another', [part({ opcode: 1, fin: false }), part({ opcode: 1 })]],
    ['writes its length longer than it is', [long(5)]],
    ['is longer than lengths may be', [endless]],
  ])('because it %s, ends the connection by 1002', (_name, parts) => {
    const before = frame('before')
    const good = parts.length === 1 ? 0 : parts[0]!.length
    expect(judge([before, ...parts, frame('behind')])).toEqual({ fault: 1002, passed: before.length + good })
  })

  it('is one of a client without a mask', () => {
    expect(judge([part({})], { masked: true }).fault).toBe(1002)
    expect(judge([part({ masked: true })], { masked: true }).fault).toBeUndefined()
  })
})

describe('a message', () => {
  const rules = { messageBytes: 10 }

  it('may have its size and no byte more, in one frame', () => {
    expect(judge([part({}, 'x'.repeat(10)), part({}, 'x'.repeat(10))], rules).fault).toBeUndefined()
    expect(judge([part({}, 'x'.repeat(11))], rules)).toEqual({ fault: 1009, passed: 0 })
  })

  it('is counted over all of its frames, without the control frames between them', () => {
    const parts = [
      part({ fin: false }, 'x'.repeat(5)),
      part({ opcode: 9 }, 'x'.repeat(100)),
      part({ opcode: 0, fin: false }, 'x'.repeat(5)),
    ]
    const passed = Buffer.concat(parts).length
    expect(judge([...parts, part({ opcode: 0 }, '')], rules).fault).toBeUndefined()
    expect(judge([...parts, part({ opcode: 0 })], rules)).toEqual({ fault: 1009, passed })
  })

  it('has no more than 65,536 parts, however small they are', () => {
    const reader = new FrameReader(RULES)
    reader.read(part({ fin: false }, ''))
    const empty = part({ opcode: 0, fin: false }, '')
    for (let sent = 1; sent < 65_536; sent++) reader.read(empty)
    expect(reader.fault).toBeUndefined()
    reader.read(empty)
    expect(reader.fault).toBe(1009)
  })
})

describe('extensions', () => {
  it.each([
    [[], 'none'],
    [['permessage-deflate'], 'compression'],
    [['Permessage-Deflate; client_max_window_bits=10; server_no_context_takeover'], 'compression'],
    [['permessage-deflate', 'x-custom; a="b"'], 'unknown'],
    [['permessage-deflate, x-custom'], 'unknown'],
  ] as const)('%j are %s', (fields, agreed) => {
    expect(agreedExtensions(fields)).toBe(agreed)
  })

  it('of compression allow the first bit, in the first frame of a message', () => {
    const rules = { extensions: 'compression' } as const
    const message = [reserved(0x40, { fin: false }), part({ opcode: 0 })]
    expect(judge(message, rules).fault).toBeUndefined()
    expect(judge([reserved(0x20)], rules).fault).toBe(1002)
    expect(judge([reserved(0x40, { opcode: 9 })], rules).fault).toBe(1002)
    expect(judge([part({ fin: false }), reserved(0x40, { opcode: 0 })], rules).fault).toBe(1002)
  })

  it('that the gateway does not know may do what they like with bits and opcodes', () => {
    const rules = { extensions: 'unknown' } as const
    expect(judge([reserved(0x70, { opcode: 3 }), part({ opcode: 12 })], rules).fault).toBeUndefined()
    expect(judge([part({ opcode: 12 }, 'x'.repeat(126))], rules).fault).toBe(1002)
  })
})
