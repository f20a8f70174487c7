// Where to listen, and what is told to who writes it wrong.
import { describe, expect, it } from 'vitest'
import { parseListenAddress } from '../../../src/edge/listen-address.ts'

describe('an address to listen on', () => {
  it.each([
    [':8080', { host: '0.0.0.0', port: 8080 }],
    [':0', { host: '0.0.0.0', port: 0 }],
    ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[::]:8080', { host: '::', port: 8080 }],
  ])('%s is %o', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address)
  })

  it.each([
    '',
    '8080',
    'localhost',
    ':',
    ':65536',
    ':999999',
    ':x',
    ':-1',
    '::1:80',
    '[::1]',
    '[x]:80',
    'a:80:80',
    ':80 ',
  ])('is not %j, and the message shows the fix', (text) => {
    expect(() => parseListenAddress(text)).toThrow(
      new RangeError(`"${text}" is no address to listen on: write :8080, 127.0.0.1:8080 or [::1]:8080`),
    )
  })
})
