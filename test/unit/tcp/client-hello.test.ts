// ClientHellos as stacks send them, as attackers do, cut at every byte and changed at any.
import { describe, expect, it } from 'vitest'
import { readClientHello } from '../../../src/tcp/client-hello.ts'
import { fc, runs } from '../../support/property.ts'
import {
  extension,
  GREASE,
  hello,
  helloMessage,
  inRecords,
  named,
  nameEntry,
  realHello,
  record,
  serverName,
  u8,
  u16,
} from './hellos.ts'

const found = (name: string | undefined) => ({ kind: 'hello', serverName: name })
const DECODE_ERROR = { kind: 'invalid', alert: 50 }
const UNRECOGNIZED_NAME = { kind: 'invalid', alert: 112 }

describe('the name', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is read from what OpenSSL sends with %s', async (version) => {
    const options = { minVersion: version, maxVersion: version }
    const withName = await realHello({ ...options, servername: 'Orders.Example.com', ALPNProtocols: ['h2'] })
    expect(readClientHello(withName)).toEqual(found('orders.example.com'))
    expect(readClientHello(await realHello(options))).toEqual(found(undefined))
  })

  it('is found behind GREASE and among other extensions', () => {
    expect(readClientHello(hello())).toEqual(found('db.example.com'))
  })

  it('is undefined without the extension, and without any extensions', () => {
    expect(readClientHello(hello({ extensions: [GREASE] }))).toEqual(found(undefined))
    expect(readClientHello(hello({ extensions: [] }))).toEqual(found(undefined))
    expect(readClientHello(hello({ extensions: undefined }))).toEqual(found(undefined))
  })

  it('loses its trailing dot, as a Host does', () => {
    expect(readClientHello(hello({ extensions: named('db.example.com.') }))).toEqual(found('db.example.com'))
  })

  it.each([
    '',
    '.',
    'a..b',
    'a b',
    'a\0b',
    'a/b',
    '*.example.com',
    '-a.example',
    'münchen.example',
    '192.0.2.7',
    '::1',
    'x'.repeat(64),
    'a.'.repeat(130),
  ])('is not recognized when it is %j', (name) => {
    expect(readClientHello(hello({ extensions: named(name) }))).toEqual(UNRECOGNIZED_NAME)
  })
})

describe('a message in several records', () => {
  it.each([3, 50, 100])('of %i bytes each is put together', (size) => {
    expect(readClientHello(inRecords(helloMessage(), size))).toEqual(found('db.example.com'))
  })

  it('is refused when there are too many of them', () => {
    expect(readClientHello(inRecords(helloMessage(), 1))).toEqual(DECODE_ERROR)
  })

  it.each([
    ['an empty one', record(Buffer.alloc(0))],
    ['an alert', record(Buffer.from([1, 0]), 21)],
  ])('is refused with %s in between', (_what, between) => {
    const message = helloMessage()
    const bytes = Buffer.concat([record(message.subarray(0, 50)), between, record(message.subarray(50))])
    expect(readClientHello(bytes)).toEqual(DECODE_ERROR)
  })
})

describe('what is no ClientHello', () => {
  const nameTwice = [...named('a.example'), serverName(nameEntry('b.example'))]
  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 3, 1])],
    ['a newer TLS', Buffer.from([22, 4, 0])],
    ['another message', record(Buffer.concat([u8(2), helloMessage().subarray(1)]))],
    ['a record longer than records are', Buffer.from([22, 3, 1, 0xff, 0xff])],
    ['a message longer than 16 KiB', record(Buffer.from([1, 0, 0x40, 0]))],
    ['a long session id', hello({ sessionId: Buffer.alloc(33) })],
    ['no cipher suite', hello({ suites: Buffer.alloc(0) })],
    ['half a cipher suite', hello({ suites: Buffer.alloc(3) })],
    ['no compression', hello({ compressions: Buffer.alloc(0) })],
    ['two server name extensions', hello({ extensions: nameTwice })],
    ['two of any extension', hello({ extensions: [GREASE, GREASE] })],
    ['two names', hello({ extensions: [serverName(nameEntry('a.example'), nameEntry('b.example'))] })],
    ['a name of another type', hello({ extensions: [serverName(nameEntry('a.example', 1))] })],
    ['an empty list of names', hello({ extensions: [serverName()] })],
    [
      'bytes behind the list of names',
      hello({ extensions: [extension(0, Buffer.from([0, 4, 0, 0, 1, 97, 0]))] }),
    ],
    ['bytes behind the extensions', record(lengthened(helloMessage()))],
    ['half an extension', hello({ extensions: [u16(0)] })],
  ])('is refused: %s', (_what, bytes) => {
    expect(readClientHello(bytes)).toEqual(DECODE_ERROR)
  })

  it('is refused at 16 KiB, whatever may follow', () => {
    const message = Buffer.concat([Buffer.from([1, 0, 0x3f, 0xfc]), Buffer.alloc(16_400)])
    const bytes = inRecords(message, 8192)
    expect(readClientHello(bytes.subarray(0, 16 * 1024 - 1))).toEqual({ kind: 'incomplete' })
    expect(readClientHello(bytes.subarray(0, 16 * 1024))).toEqual(DECODE_ERROR)
  })
})

describe('any hello', () => {
  it.each([
    ['one record', hello()],
    ['several records', inRecords(helloMessage(), 20)],
  ])('is incomplete at every byte before its last: %s', (_what, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(readClientHello(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' })
    }
    const earlyData = record(Buffer.from('early data'), 23)
    expect(readClientHello(Buffer.concat([bytes, earlyData]))).toEqual(found('db.example.com'))
  })

  it('gives an answer and no exception when bytes of it are changed, and never a name that is none', () => {
    const bytes = hello()
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const changed = Buffer.from(bytes)
          for (const [at, value] of changes) changed[at] = value
          for (const one of [changed, changed.subarray(0, length)]) expectAnAnswer(one)
        },
      ),
      { numRuns: runs(2000) },
    )
  })

  it('gives an answer and no exception when it is noise behind the header of a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        expectAnAnswer(Buffer.from(noise))
        expectAnAnswer(record(Buffer.from(noise)))
        expectAnAnswer(
          record(Buffer.concat([Buffer.from([1, 0, noise.length >> 8, noise.length & 255]), noise])),
        )
      }),
      { numRuns: runs(1000) },
    )
  })
})

function expectAnAnswer(bytes: Buffer): void {
  const answer = readClientHello(bytes)
  if (answer.kind === 'invalid') expect([50, 112]).toContain(answer.alert)
  if (answer.kind === 'hello' && answer.serverName !== undefined) {
    expect(answer.serverName).toMatch(/^[a-z0-9_.-]{1,253}$/)
  }
}

/** The message with one byte more than its extensions say. */
function lengthened(message: Buffer): Buffer {
  const longer = Buffer.concat([message, u8(0)])
  longer.writeUIntBE(longer.length - 4, 1, 3)
  return longer
}
