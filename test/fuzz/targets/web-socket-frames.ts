// Frames of WebSocket pass or they do not, however the bytes are cut; what has passed is whole frames and nothing else.
import assert from 'node:assert/strict'
import { FrameReader } from '../../../src/web-socket/frame-reader.ts'
import type { FrameRules } from '../../../src/web-socket/frame-rules.ts'
import type { FuzzTarget } from '../fuzzer.ts'

const LONGEST_HEADER = 14
const EXTENSIONS = ['none', 'compression', 'unknown'] as const

export const webSocketFrames: FuzzTarget = {
  name: 'web-socket-frames',
  maxBytes: 600,
  runsInCi: 40_000,
  dictionary: [
    ...['\x81\x01a', '\x01\x01a', '\x80\0', '\0\0', '\x89\0', '\x8a\x01a', '\x88\x02\x03\xe8', '\xc1\x01a'],
    ...[
      '\x82\x7e\0\x7e',
      '\x82\x7f\0\0\0\0\0\x01\0\0',
      '\x81\x81\0\0\0\0a',
      '\x88\x82\0\0\0\0\x03\xe8',
      '\x83',
    ],
  ],
  run(input) {
    // The first byte says what was agreed on.
    const [choice = 0] = input
    const rules: FrameRules = {
      masked: (choice & 1) === 1,
      extensions: EXTENSIONS[(choice >> 1) % EXTENSIONS.length]!,
      messageBytes: 1 + (choice >> 3) * 8,
    }
    const bytes = input.subarray(1)
    const whole = readIn(bytes.length, bytes, rules)
    for (const size of [1, 2, 7, 100]) assert.deepEqual(readIn(size, bytes, rules), whole)
    const again = new FrameReader(rules)
    assert.equal(again.read(bytes.subarray(0, whole.passed)), whole.passed)
    assert.equal(again.fault, undefined)
    assert.ok([undefined, 1002, 1009].includes(whole.fault))
    if (whole.fault !== undefined) assert.ok(again.atBoundary)
  },
}

interface Outcome {
  readonly passed: number
  readonly fault: number | undefined
  readonly closed: boolean
}

function readIn(size: number, bytes: Buffer, rules: FrameRules): Outcome {
  const reader = new FrameReader(rules)
  let passed = 0
  for (let end = size; reader.fault === undefined && passed < bytes.length; end += size) {
    const piece = bytes.subarray(passed, Math.min(end, bytes.length))
    const taken = reader.read(piece)
    passed += taken
    if (reader.fault === undefined) assert.ok(piece.length - taken < LONGEST_HEADER)
    if (end >= bytes.length) break
  }
  return { passed, fault: reader.fault, closed: reader.closed }
}
