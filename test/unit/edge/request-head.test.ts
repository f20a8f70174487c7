// One pass over the raw headers: framing, Host, Expect and what goes on.
import { describe, expect, it } from 'vitest'
import { readRequestHead } from '../../../src/edge/request-head.ts'

const HOST = ['Host', 'gw.test']
const MAX_FIELDS = 100

const read = (...pairs: string[]) => readRequestHead([...HOST, ...pairs], MAX_FIELDS)

function codeOf(...pairs: string[]): string {
  try {
    readRequestHead(pairs, MAX_FIELDS)
    return 'accepted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the Host', () => {
  it('is taken as sent, and not among what goes on', () => {
    expect(readRequestHead(['hOsT', 'GW.test:80'], MAX_FIELDS)).toMatchObject({
      host: 'GW.test:80',
      forward: [],
    })
  })

  it('must be there once', () => {
    expect(codeOf('Accept', '*/*')).toBe('INVALID_HOST')
    expect(codeOf()).toBe('INVALID_HOST')
    expect(codeOf(...HOST, 'host', 'evil.test')).toBe('INVALID_HOST')
    expect(codeOf(...HOST, ...HOST)).toBe('INVALID_HOST')
  })

  it('may be empty here: whether it is valid is decided elsewhere', () => {
    expect(readRequestHead(['Host', ''], MAX_FIELDS).host).toBe('')
  })

  it('is not taken away by a Connection that names it', () => {
    expect(read('Connection', 'Host')).toMatchObject({ host: 'gw.test' })
  })
})

describe('the framing', () => {
  it('by Content-Length is known and goes on', () => {
    const head = read('Content-Length', '3')
    expect(head).toMatchObject({ contentLength: 3, chunked: false, forward: ['Content-Length', '3'] })
    expect(read('content-length', '0').contentLength).toBe(0)
    expect(read('Content-Length', '007').contentLength).toBe(7)
  })

  it('by chunks is known, in any case, and does not go on', () => {
    for (const coding of ['chunked', 'cHuNkEd']) {
      expect(read('Transfer-Encoding', coding)).toMatchObject({
        chunked: true,
        contentLength: undefined,
        forward: [],
      })
    }
  })

  it('is absent without both', () => {
    expect(read()).toMatchObject({ chunked: false, contentLength: undefined })
  })

  it.each([
    ['Content-Length', '3', 'Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'chunked', 'Content-Length', '3'],
    ['Content-Length', '3', 'Content-Length', '3'],
    ['Content-Length', '3', 'content-length', '4'],
  ])('by two voices is ambiguous: %s %s, %s %s', (...pairs) => {
    expect(codeOf(...HOST, ...pairs)).toBe('BAD_REQUEST')
  })

  it.each([
    '',
    '+3',
    '-1',
    '3, 3',
    '3 4',
    '0x3',
    '3e0',
    '1.0',
    '18446744073709551619',
    '9999999999999999',
    ' 3',
    '\u0663',
  ])('by the length %j is refused', (length) => {
    expect(codeOf(...HOST, 'Content-Length', length)).toBe('BAD_REQUEST')
  })

  it.each([
    '',
    'gzip',
    'gzip, chunked',
    'identity, chunked',
    ',chunked',
    'chunked,',
    'xchunked',
    '\u00a0chunked',
    'chunked;q=1',
  ])('by the coding %j is not supported', (coding) => {
    expect(codeOf(...HOST, 'Transfer-Encoding', coding)).toBe('TRANSFER_CODING_NOT_SUPPORTED')
  })

  it('by chunks twice is not supported', () => {
    expect(codeOf(...HOST, 'Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked')).toBe(
      'TRANSFER_CODING_NOT_SUPPORTED',
    )
  })

  it('is not taken away by a Connection that names it', () => {
    const head = read('Content-Length', '3', 'Connection', 'Content-Length, close')
    expect(head.forward).toEqual(['Content-Length', '3'])
    expect(
      codeOf(
        ...HOST,
        'Connection',
        'transfer-encoding',
        'Content-Length',
        '3',
        'Transfer-Encoding',
        'chunked',
      ),
    ).toBe('BAD_REQUEST')
  })
})

describe('Upgrade', () => {
  it('is noted, and does not go on', () => {
    expect(read('Connection', 'Upgrade', 'Upgrade', 'h2c')).toMatchObject({ upgrade: 'h2c', forward: [] })
    expect(read().upgrade).toBeUndefined()
  })
})

describe('Expect', () => {
  it('100-continue is met by the gateway and does not go on', () => {
    expect(read('Expect', '100-Continue')).toMatchObject({ expectsContinue: true, forward: [] })
    expect(read().expectsContinue).toBe(false)
  })

  it.each(['foo', '', 'y 100-continue', '100-continue, foo', '100-continue '])(
    '%j cannot be met',
    (value) => {
      expect(codeOf(...HOST, 'Expect', value)).toBe('EXPECTATION_FAILED')
    },
  )
})

describe('what goes on', () => {
  it('keeps order, case and duplicates as sent', () => {
    const pairs = ['X-B', '1', 'x-a', '2', 'X-B', '3', 'Cookie', 'a=1', 'cookie', 'b=2']
    expect(read(...pairs).forward).toEqual(pairs)
  })

  it('is not what belongs to the connection, nor what speaks for somebody else', () => {
    const head = read(
      ...[
        'Keep-Alive',
        'timeout=5',
        'Proxy-Authorization',
        'x',
        'Proxy-Connection',
        'keep-alive',
        'TE',
        'trailers',
      ],
      ...['Trailer', 'X', 'Upgrade', 'h2c', 'HTTP2-Settings', 'x', 'Connection', 'Upgrade, HTTP2-Settings'],
      ...['X-User-Id', 'admin', 'X_User_Id', 'admin', 'X-Real-IP', '1.2.3.4', 'Accept', '*/*'],
    )
    expect(head.forward).toEqual(['Accept', '*/*'])
  })

  it('is not what a Connection names, however it names it', () => {
    const head = read(
      'X-A',
      '1',
      'X-B',
      '2',
      'X-C',
      '3',
      'X-D',
      '4',
      'Connection',
      'x-a ,,X-B',
      'connection',
      'X-c',
    )
    expect(head.forward).toEqual(['X-D', '4'])
  })

  it('is everything when a Connection names only itself', () => {
    const pairs = ['X-A', '1', 'Close', '2']
    expect(read(...pairs, 'Connection', 'close, Keep-Alive').forward).toEqual(pairs)
  })

  it('may be named like the host', () => {
    expect(read('gw.test', '1').forward).toEqual(['gw.test', '1'])
  })

  it('keeps what proxies in front say apart', () => {
    const head = read('X-Forwarded-For', '1.1.1.1', 'Accept', '*/*', 'Via', '1.1 x', 'X-Gateway-Attempt', '2')
    expect(head.forward).toEqual(['Accept', '*/*'])
    expect(head.forwarded).toEqual(['X-Forwarded-For', '1.1.1.1', 'Via', '1.1 x', 'X-Gateway-Attempt', '2'])
  })
})

describe('the number of fields', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, at) => [`a${at}`, '1']).flat()

  it('may be 100 with the Host, not more', () => {
    expect(codeOf(...HOST, ...fields(99))).toBe('accepted')
    expect(codeOf(...HOST, ...fields(100))).toBe('HEADERS_TOO_LARGE')
  })
})
