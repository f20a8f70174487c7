// How a TLS connection begins: nothing is made for it before its first record is whole.
import { describe, expect, it } from 'vitest'
import { judgeFirstRecord } from '../../../src/edge/preface.ts'
import { realHello } from '../tcp/hellos.ts'

const WHOLE = { value: undefined, length: 0 }
const record = (type: number, fragment: number, sent = fragment) =>
  Buffer.concat([Buffer.from([type, 3, 1, fragment >> 8, fragment & 255]), Buffer.alloc(sent)])

describe('the first record of TLS', () => {
  it('is waited for until its last byte, and all bytes are left to TLS', async () => {
    const hello = await realHello({})
    for (let length = 1; length < hello.length; length++)
      expect(judgeFirstRecord(hello.subarray(0, length))).toBeUndefined()
    expect(judgeFirstRecord(hello)).toEqual(WHOLE)
    expect(judgeFirstRecord(Buffer.concat([hello, hello]))).toEqual(WHOLE)
  })

  it.each([
    ['of another type', record(23, 100, 0)],
    ['of clear text', Buffer.from('GET / HTTP/1.1\r\n')],
    ['that is longer than it may be', record(22, 16_385, 0)],
    ['that is empty', record(22, 0)],
  ])('%s is for TLS to refuse, at once', (_what, bytes) => {
    expect(judgeFirstRecord(bytes)).toEqual(WHOLE)
  })

  it('may be as long as a record can be', () => {
    expect(judgeFirstRecord(record(22, 16_384, 16_383))).toBeUndefined()
    expect(judgeFirstRecord(record(22, 16_384))).toEqual(WHOLE)
  })
})
