import { describe, expect, it } from 'vitest'
import { formatListenAddress, isLoopback, parseListenAddress } from '../../src/listen-address.ts'

describe('an address to listen on', () => {
  it.each([
    [':8080', undefined, 8080],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:9090', '::1', 9090],
    ['[::ffff:127.0.0.1]:1', '::ffff:127.0.0.1', 1],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
    ['localhost:9090', 'localhost', 9090],
    ['gw-1.example_net:80', 'gw-1.example_net', 80],
  ])('%s is read', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port })
  })

  it.each([
    '',
    '8080',
    ':',
    ':65536',
    ':999999',
    ':-1',
    ':80x',
    ' :80',
    ':80 ',
    '::1:80',
    '[::1]',
    '[::1]80',
    '[]:80',
    '[127.0.0.1]:80',
    '[zz]:80',
    '1.2.3.256:80',
    '127.1:80',
    'a b:80',
    'http://a:80',
    'a/b:80',
    ':80\n',
    '[::1%eth0]:80',
  ])('%j is refused with what to write instead', (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      `${JSON.stringify(text)} is not an address to listen on: write host:port, [ipv6]:port or :port`,
    )
  })

  it('is written as in a URL', () => {
    expect(formatListenAddress({ host: '::1', port: 80 })).toBe('[::1]:80')
    expect(formatListenAddress({ host: '127.0.0.1', port: 80 })).toBe('127.0.0.1:80')
  })
})

describe('loopback', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST'])('is %s', (host) => {
    expect(isLoopback(host)).toBe(true)
  })

  it.each([
    undefined,
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    'localhost.evil.example',
    'example.com',
    '2001:db8::1',
  ])('is not %s', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})
