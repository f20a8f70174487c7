// A request's head as it is written: what may not be in it, and that only the body says how it is framed.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { writeRequestHead } from '../../../../src/upstream/http1/request-head.ts'
import type { Outgoing } from '../../../../src/upstream/transmission.ts'
import { fc } from '../../../support/property.ts'

const PLAIN: Outgoing = {
  method: 'GET',
  path: '/x?y',
  headers: ['Host', 'gw.test'],
  body: undefined,
  length: undefined,
  expectsContinue: false,
  upgrade: false,
  idleTimeoutMs: Number.POSITIVE_INFINITY,
}
const BODY = new Readable({ read() {} })

const write = (request: Partial<Outgoing>) => writeRequestHead({ ...PLAIN, ...request }, 'target.test:8080')
const lines = (request: Partial<Outgoing>) => write(request).split('\r\n').slice(1, -2)

describe('a head', () => {
  it('is the line, the headers as they are, and nothing else', () => {
    const headers = ['X-b', '1', 'Host', 'gw.test', 'x-B', 'caf\xe9', 'Cookie', '']
    expect(write({ headers })).toBe(
      'GET /x?y HTTP/1.1\r\nX-b: 1\r\nHost: gw.test\r\nx-B: caf\xe9\r\nCookie: \r\n\r\n',
    )
  })

  it('names the target where the request names no host', () => {
    expect(lines({ headers: ['X-A', '1'] })).toEqual(['Host: target.test:8080', 'X-A: 1'])
  })

  it('says what the connection is asked for', () => {
    expect(lines({ headers: ['Host', 'a'], upgrade: true })).toEqual([
      'Host: a',
      'Connection: upgrade',
      'Upgrade: websocket',
    ])
    expect(lines({ body: BODY, length: 3, expectsContinue: true })).toEqual([
      'Host: gw.test',
      'Content-Length: 3',
      'Expect: 100-continue',
    ])
  })
})

describe('the framing', () => {
  it.each([
    ['a length', { body: BODY, length: 3 }, ['Content-Length: 3']],
    ['chunks', { body: BODY }, ['Transfer-Encoding: chunked']],
    ['nothing, where a body is expected', { method: 'POST' }, ['Content-Length: 0']],
    ['nothing', { method: 'DELETE' }, []],
  ] as const)('is that of the body: %s', (_what, request, expected) => {
    const headers = ['Host', 'a']
    expect(lines({ ...request, headers })).toEqual(['Host: a', ...expected])
    // Whatever length stands there, how often, and in what spelling.
    for (const wrong of [
      ['content-LENGTH', '7'],
      ['Content-Length', '7', 'content-length', '8'],
    ]) {
      const told = lines({ ...request, headers: ['Host', 'a', ...wrong] }).map((line) => line.toLowerCase())
      const length = expected[0] ?? 'content-length: 0'
      expect(told).toEqual(['host: a', length.toLowerCase()])
    }
  })

  it('stands where it stood', () => {
    expect(lines({ headers: ['a', '1', 'content-length', '3', 'b', '2'], body: BODY, length: 3 })).toEqual([
      ...['Host: target.test:8080', 'a: 1', 'content-length: 3', 'b: 2'],
    ])
  })
})

describe('what may not be sent', () => {
  it.each([
    ['a method with a space', { method: 'G T' }],
    ['no method', { method: '' }],
    ['CONNECT', { method: 'CONNECT' }],
    ['a method that ends the line', { method: 'GET\r\n' }],
    ['a path with a space', { path: '/a b' }],
    ['a path that ends the line', { path: '/a\r\nX: 1' }],
    ['a path that is none', { path: 'a' }],
    ['a path beyond latin1', { path: '/\u010a' }],
    ['a value that ends the line', { headers: ['X', 'a\r\nY: b'] }],
    ['a value with a line feed', { headers: ['X', 'a\nb'] }],
    ['a value with a NUL', { headers: ['X', 'a\0'] }],
    // Cut to a byte, this is a line feed.
    ['a value beyond latin1', { headers: ['X', '\u010a'] }],
    ['a name that ends the line', { headers: ['X: 1\r\nY', 'b'] }],
    ['a name with a colon', { headers: ['X:', 'b'] }],
    ['no name', { headers: ['', 'b'] }],
    ['two hosts', { headers: ['Host', 'a', 'host', 'a'] }],
    ...['Connection', 'keep-alive', 'Transfer-Encoding', 'UPGRADE', 'Expect'].map(
      (name) => [`${name}, which is the connection's to say`, { headers: [name, 'chunked'] }] as const,
    ),
  ] as const)('%s', (_what, request) => {
    // Names are remembered: the second time must be like the first.
    for (let time = 0; time < 2; time++) {
      expect(() => write(request as Partial<Outgoing>)).toThrow(
        expect.objectContaining({ code: 'INTERNAL_ERROR' }),
      )
    }
  })

  it('is anything that would make one more line of the head, or end it', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ':', ' ', '\r', '\n', '\0', '\u010d', '\u560a', '-'),
      maxLength: 6,
    })
    fc.assert(
      fc.property(text, text, text, text, (method, path, name, value) => {
        const request = { method: `G${method}`, path: `/${path}`, headers: ['Host', 'a', `X${name}`, value] }
        let written: string
        try {
          written = write(request)
        } catch {
          return
        }
        const wire = Buffer.from(written, 'latin1').toString('latin1')
        expect(wire).toBe(`G${method} /${path} HTTP/1.1\r\nHost: a\r\nX${name}: ${value}\r\n\r\n`)
        expect(wire.match(/[\r\n]/g)).toHaveLength(8)
        expect(wire).not.toContain('\0')
      }),
    )
  })
})
