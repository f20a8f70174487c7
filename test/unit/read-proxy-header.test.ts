// PROXY protocol headers from proxies: read whole, in parts, and refused when they are anything else.
import { describe, expect, it } from 'vitest'
import { encodeProxyHeader } from '../../src/proxy-protocol.ts'
import { readProxyHeader } from '../../src/read-proxy-header.ts'

const IPV4 = {
  sourceAddress: '203.0.113.7',
  sourcePort: 50_000,
  destinationAddress: '192.0.2.1',
  destinationPort: 443,
}
const IPV6 = { ...IPV4, sourceAddress: '2001:db8::7', destinationAddress: '2001:db8::1' }

const text = (line: string) => readProxyHeader(Buffer.from(line, 'latin1'))

/** Version 2 with these bytes instead of the right ones. */
function binary(command: number, family: number, block: Buffer, length = block.length): Buffer {
  const head = encodeProxyHeader('v2', undefined).subarray(0, 12)
  return Buffer.concat([head, Buffer.from([command, family, length >> 8, length & 0xff]), block])
}

describe('a header', () => {
  it.each([
    ['v1', IPV4],
    ['v1', IPV6],
    ['v2', IPV4],
    ['v2', IPV6],
    ['v1', undefined],
    ['v2', undefined],
  ] as const)('of %s means what was written: %j', (version, connection) => {
    const bytes = encodeProxyHeader(version, connection)
    const whole = { kind: 'header', length: bytes.length, connection }
    expect(readProxyHeader(Buffer.concat([bytes, Buffer.from('GET /')]))).toEqual(whole)
    for (let length = 0; length < bytes.length; length++) {
      expect(readProxyHeader(bytes.subarray(0, length))).toEqual({ kind: 'incomplete' })
    }
  })

  it('of v1 may say anything behind UNKNOWN', () => {
    const line = 'PROXY UNKNOWN ffff::1 x y\r\n'
    expect(text(line)).toEqual({ kind: 'header', length: line.length, connection: undefined })
  })

  it('of v2 may carry extensions behind the addresses, which are skipped', () => {
    const bytes = encodeProxyHeader('v2', IPV4)
    const extended = binary(0x21, 0x11, Buffer.concat([bytes.subarray(16), Buffer.from([4, 0, 3, 1, 2, 3])]))
    expect(readProxyHeader(extended)).toEqual({ kind: 'header', length: extended.length, connection: IPV4 })
  })

  it.each([
    ['no family', 0x00],
    ['a unix socket', 0x31],
  ])('of v2 with %s names no client', (_name, family) => {
    expect(readProxyHeader(binary(0x21, family, Buffer.alloc(216)))).toMatchObject({
      kind: 'header',
      connection: undefined,
    })
  })
})

describe('anything else is refused:', () => {
  it.each([
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 50000\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 50000 443 1\r\n',
    'PROXY TCP4  203.0.113.7 192.0.2.1 50000 443\r\n',
    'PROXY TCP4 2001:db8::7 192.0.2.1 50000 443\r\n',
    'PROXY TCP6 203.0.113.7 192.0.2.1 50000 443\r\n',
    'PROXY TCP6 fe80::1%eth0 fe80::2 50000 443\r\n',
    'PROXY TCP4 203.0.113.007 192.0.2.1 50000 443\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 050000 443\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 65536 443\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 -1 443\r\n',
    'PROXY UDP4 203.0.113.7 192.0.2.1 50000 443\r\n',
    'PROXY tcp4 203.0.113.7 192.0.2.1 50000 443\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`,
    `PROXY TCP4 ${'1'.repeat(200)}`,
    'PRAXY ',
    '\r\n\r\nX',
  ])('%j', (line) => {
    expect(text(line)).toEqual({ kind: 'invalid' })
  })

  it.each([
    ['another version', binary(0x31, 0x11, Buffer.alloc(12))],
    ['another command', binary(0x22, 0x11, Buffer.alloc(12))],
    ['datagrams', binary(0x21, 0x12, Buffer.alloc(12))],
    ['another family', binary(0x21, 0x41, Buffer.alloc(12))],
    ['too few addresses', binary(0x21, 0x11, Buffer.alloc(11))],
    ['a length without bounds', binary(0x21, 0x11, Buffer.alloc(0), 65_535)],
  ])('v2 with %s', (_name, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'invalid' })
  })
})
