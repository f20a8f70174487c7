// PROXY headers, byte for byte as the specification draws them.
import { describe, expect, it } from 'vitest'
import { encodeProxyHeader, type ProxiedConnection } from '../../src/proxy-protocol.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'

const connection = (source: string, destination: string): ProxiedConnection => ({
  sourceAddress: source,
  sourcePort: 56_324,
  destinationAddress: destination,
  destinationPort: 443,
})

const text = (source: string, destination: string) =>
  encodeProxyHeader('v1', connection(source, destination)).toString()
const binary = (source: string, destination: string) =>
  encodeProxyHeader('v2', connection(source, destination)).toString('hex')

describe('version 1', () => {
  it('is one line of text', () => {
    expect(text('192.0.2.7', '198.51.100.1')).toBe('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n')
    expect(text('2001:db8::7', '2001:db8::1')).toBe('PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n')
  })

  it('names IPv4 clients of an IPv6 socket as what they are', () => {
    expect(text('::ffff:192.0.2.7', '::ffff:198.51.100.1')).toBe(
      'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n',
    )
  })

  it('has one family, and no zone', () => {
    expect(text('192.0.2.7', '2001:db8::1')).toBe('PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 56324 443\r\n')
    expect(text('fe80::1%eth0', '192.0.2.7')).toBe('PROXY TCP6 fe80::1 ::ffff:192.0.2.7 56324 443\r\n')
  })

  it('knows nobody when the gateway speaks for itself, or the client is gone', () => {
    expect(encodeProxyHeader('v1', undefined).toString()).toBe('PROXY UNKNOWN\r\n')
    expect(text('', '192.0.2.7')).toBe('PROXY UNKNOWN\r\n')
  })
})

describe('version 2', () => {
  it('has IPv4 addresses and ports as bytes', () => {
    expect(binary('192.0.2.7', '198.51.100.1')).toBe(`${SIGNATURE}2111000cc0000207c6336401dc0401bb`)
  })

  it.each([
    ['2001:db8::7', '20010db8000000000000000000000007'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:0:192.0.2.7', '0000000000000000ffff0000c0000207'],
  ])('has %s in 16 bytes', (address, bytes) => {
    expect(binary(address, '::1')).toBe(`${SIGNATURE}21210024${bytes}${'00'.repeat(15)}01dc0401bb`)
  })

  it('maps an IPv4 address beside an IPv6 one', () => {
    const mapped = '00000000000000000000ffffc0000207'
    expect(binary('192.0.2.7', '::1')).toBe(`${SIGNATURE}21210024${mapped}${'00'.repeat(15)}01dc0401bb`)
  })

  it('is LOCAL when the gateway speaks for itself', () => {
    expect(encodeProxyHeader('v2', undefined).toString('hex')).toBe(`${SIGNATURE}20000000`)
  })
})
