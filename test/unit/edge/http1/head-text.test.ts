// Heads of requests as text: what is read of them, and what is none. Whatever is taken here, Node's parser takes as well.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mayBeHead, readHeadText } from '../../../../src/edge/http1/head-text.ts'
import { malformed } from '../../../../src/edge/http1/malformed.ts'
import { assertText } from '../../../../src/http1/message-text.ts'
import { fc, runs } from '../../../support/property.ts'

const read = (text: string) => {
  assertText(text, malformed)
  return readHeadText(text)
}

describe('a head', () => {
  it('is read as it was sent: order, case, duplicates, bytes beyond ASCII', () => {
    expect(read('GET /a?b HTTP/1.1\r\nHost: x\r\nX-a:\t 1 \r\nx-A:\r\nN: \xc3\xa9\r\n')).toEqual({
      method: 'GET',
      target: '/a?b',
      major: 1,
      minor: 1,
      pairs: ['Host', 'x', 'X-a', '1', 'x-A', '', 'N', '\xc3\xa9'],
    })
  })

  it.each([
    ['GET / HTTP/1.0\r\n', 1, 0],
    ['GET / HTTP/2.0\r\n', 2, 0],
  ])('says its version: %j', (text, major, minor) => {
    expect(read(text)).toMatchObject({ major, minor, target: '/' })
  })

  it.each([
    ...[
      'get / HTTP/1.1\r\n',
      'FOO / HTTP/1.1\r\n',
      ' GET / HTTP/1.1\r\n',
      'GET\t/ HTTP/1.1\r\n',
      '\r\n',
      'GET\r\n',
    ],
    ...[
      'GET  / HTTP/1.1\r\n',
      'GET /a b HTTP/1.1\r\n',
      'GET / HTTP/1.1 \r\n',
      'GET /\r\n',
      'GET / http/1.1\r\n',
    ],
    ...[
      'GET / HTTP/1.10\r\n',
      'GET  HTTP/1.1\r\n',
      'GET /\tx HTTP/1.1\r\n',
      'GET / HTTP/1\r\n',
      'GET HTTP/1.1\r\n',
    ],
    ...['A : b', ' A: b', '\tfolded', 'no colon', ': no name', 'A(: b', 'A\xe9: b']
      .map((line) => `GET / HTTP/1.1\r\nHost: x\r\n${line}\r\n`)
      .slice(1),
    ...['\0', '\x07', '\x0b', '\x1f', '\x7f', '\r', '\n'].map((sign) => `GET / HTTP/1.1\r\nX: a${sign}b\r\n`),
  ])('is none: %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })
})

describe('the beginning of a head', () => {
  it.each(['', 'G', 'GET', 'GET ', 'GET /x', 'M-SEA'])('may be %j', (text) => {
    expect(mayBeHead(text)).toBe(true)
  })

  it.each(['X', 'get', '\x16\x03\x01', 'GETS ', 'GET\t', ' GET', 'A'.repeat(40)])('cannot be %j', (text) => {
    expect(mayBeHead(text)).toBe(false)
  })
})

describe('compared with the parser of Node', () => {
  let node: Server
  let seen: IncomingMessage | undefined
  beforeAll(async () => {
    node = createServer({ requireHostHeader: false, maxHeaderSize: 64 * 1024 }, (request, response) => {
      seen = request
      response.end()
    })
    for (const event of ['checkContinue', 'checkExpectation']) {
      node.on(event, (request: IncomingMessage, response: { end(): void }) => {
        seen = request
        response.end()
      })
    }
    node.listen(0, '127.0.0.1')
    await once(node, 'listening')
  })
  afterAll(() => void node.close())

  async function asNode(text: string) {
    seen = undefined
    const socket = connect((node.address() as { port: number }).port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(Buffer.from(`${text}\r\n`, 'latin1'))
    await once(socket, 'data')
    socket.destroy()
    return seen as IncomingMessage | undefined
  }

  const piece = fc.constantFrom(
    ...[
      'a',
      'X-Y',
      'Host',
      ':',
      ' ',
      '\t',
      '\xe9',
      '"',
      '(',
      ',',
      ';',
      '=',
      '/',
      '\\',
      '1',
      '\0',
      '\x0b',
      '\x7f',
      '\r',
      '\n',
    ],
  )
  const value = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const line = fc.tuple(
    fc.constantFrom('X-A', 'x-a', 'Host', 'Accept', 'X B', '', ' X', 'X\xe9', 'X_1'),
    value,
  )
  const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1 ', 'http/1.1')
  const target = fc.constantFrom(
    '/',
    '/a?b=%ff',
    '*',
    'http://a.test/x',
    '/ü',
    '/a b',
    '',
    '/\x01',
    '/{}',
    '/a#b',
  )
  const method = fc.constantFrom('GET', 'POST', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'get', 'FOO', 'G(T')

  it('nothing is taken that it refuses, and what is taken is the same', async () => {
    let taken = 0
    const property = fc.asyncProperty(
      ...([method, target, version, fc.array(line, { maxLength: 4 })] as const),
      async (verb, path, protocol, lines) => {
        const fields = lines.map(([name, text]) => `${name}: ${text}\r\n`).join('')
        const text = `${verb} ${path} ${protocol}\r\n${fields}`
        const ours = readOrRefuse(text)
        if (ours === undefined) return
        taken++
        const theirs = await asNode(text)
        expect(theirs, JSON.stringify(text)).toBeDefined()
        expect([ours.method, ours.target, ours.pairs]).toEqual([
          theirs!.method,
          theirs!.url,
          theirs!.rawHeaders,
        ])
      },
    )
    await fc.assert(property, { numRuns: runs(4000) })
    expect(taken).toBeGreaterThan(100)
  })
})

function readOrRefuse(text: string) {
  try {
    return read(text)
  } catch {
    return undefined
  }
}
