// Answers as clients see them: framed for whoever asked, in few writes, and never another end than the true one.
import { describe, expect, it } from 'vitest'
import { type Arrived, arrive, eventually, turns } from '../wire.ts'

const get = (version = '1.1', method = 'GET') => arrive(`${method} / HTTP/${version}\r\nHost: x\r\n\r\n`)

/** Without the fields that every answer has. */
function plain(text: string): string {
  return text.replace(/Date: [^\r]*\r\n|Connection: keep-alive\r\nKeep-Alive: [^\r]*\r\n/g, '')
}

async function received({ client }: Arrived, end: string): Promise<string> {
  return plain(await client.until((text) => text.endsWith(end)))
}

describe('a body', () => {
  it('without a length comes in chunks, none of them empty, with trailers behind it', async () => {
    const arrived = await get()
    const { response } = arrived
    response.writeHead(200, 'OK', ['A', 'b'])
    response.write(Buffer.alloc(0))
    response.write(Buffer.from('abc'))
    response.write(Buffer.from('d'.repeat(20)))
    response.addTrailers([['X-T', 'v']])
    response.end()
    const chunks = `3\r\nabc\r\n14\r\n${'d'.repeat(20)}\r\n0\r\nX-T: v\r\n\r\n`
    expect(await received(arrived, 'v\r\n\r\n')).toBe(
      `HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    )
  })

  it.each([
    ['a string', '\xe9\xff'],
    ['bytes', Buffer.from([0xe9, 0xff])],
  ])('may be the end of it all, as %s, byte for byte', async (_as, body) => {
    const arrived = await get()
    arrived.response.writeHead(200, 'OK', [])
    if (typeof body === 'string') arrived.response.end(body, 'latin1')
    else arrived.response.end(body)
    expect(await received(arrived, '0\r\n\r\n')).toMatch(/\r\n\r\n2\r\n\xe9\xff\r\n0\r\n\r\n$/)
  })

  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('is not sent in answer to %s with %d, nor is a coding of it', async (method, status) => {
    const arrived = await get('1.1', method)
    const { response } = arrived
    response.writeHead(status, 'X', ['X-Last', '1'])
    expect(response.write(Buffer.from('abc'))).toBe(true)
    response.end(Buffer.from('def'))
    await eventually(() => response.destroyed)
    arrived.client.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => arrived.served.length === 2)
    arrived.served[1]!.response.writeHead(200, 'OK', ['Content-Length', '2'])
    arrived.served[1]!.response.end('ok', 'latin1')
    expect(await received(arrived, 'ok')).toBe(
      `HTTP/1.1 ${status} X\r\nX-Last: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
    )
  })

  it('without a length ends with the connection of a client of HTTP/1.0, which knows neither chunks nor trailers', async () => {
    const arrived = await get('1.0')
    const { response } = arrived
    response.writeHead(200, 'OK', [])
    response.write(Buffer.from('abc'))
    response.addTrailers([['X-T', 'v']])
    response.end()
    expect(plain(await arrived.client.ended())).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc')
  })
})

describe('a body that is cut', () => {
  async function cut(version: string, fields: string[], by: (arrived: Arrived) => void) {
    const arrived = await get(version)
    const { client, response } = arrived
    const ended: string[] = []
    client.socket.on('end', () => ended.push('end')).on('error', () => ended.push('reset'))
    response.writeHead(200, 'OK', fields)
    response.write(Buffer.from('part'))
    await client.until((text) => text.includes('part'))
    by(arrived)
    client.socket.end()
    await eventually(() => client.socket.destroyed)
    return ended
  }

  const bySender = ({ response }: Arrived) => response.destroy()
  const byTimer = ({ socket }: Arrived) => void socket.emit('timeout')

  it.each([
    ['chunks', '1.1', []],
    ['a length', '1.0', ['Content-Length', '10']],
  ])('is seen by its framing: %s', async (_by, version, fields) => {
    expect(await cut(version, fields, bySender)).toEqual(['end'])
  })

  it.each([
    ['whoever sends it', bySender],
    ['its timer', byTimer],
  ])('ends with a reset where nothing but an end would tell, cut by %s', async (_by, by) => {
    const waited = (arrived: Arrived) => {
      arrived.response.setTimeout(60_000)
      by(arrived)
    }
    expect(await cut('1.0', [], waited)).toEqual(['reset'])
  })
})

describe('a body of another length than its head says', () => {
  it.each([
    ['more', '2', 'abc'],
    ['less', '5', 'abc'],
    ['none', '5', ''],
    ['any, where it says nothing that is a length', 'many', 'abc'],
  ])('is not sent when all of it is there, and another answer may be: %s', async (_what, length, body) => {
    const arrived = await get()
    const { response } = arrived
    response.writeHead(200, 'OK', ['Content-Length', length])
    expect(() => response.end(body, 'latin1')).toThrow(TypeError)
    expect([response.headersSent, response.writableEnded]).toEqual([false, false])
    response.writeHead(502, 'Bad Gateway', ['Content-Length', '2'])
    response.end('no', 'latin1')
    expect(await received(arrived, 'no')).toBe('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno')
  })

  it.each([
    ['more', ['abc', 'def'], 'abc'],
    ['less', ['abc'], 'abc'],
  ])('is cut: %s', async (_what, chunks, rest) => {
    const { client, response } = await get()
    response.writeHead(200, 'OK', ['Content-Length', '5'])
    for (const chunk of chunks) response.write(Buffer.from(chunk))
    response.end()
    expect(await client.ended()).toMatch(new RegExp(`\r\n\r\n${rest}$`))
    expect(response.writableFinished).toBe(false)
  })
})

describe('a head', () => {
  it('is sent once', async () => {
    const { client, response } = await get()
    response.writeHead(200, 'OK', [])
    response.write(Buffer.from('abc'))
    expect(() => response.writeHead(500, 'X', [])).toThrow('has been sent')
    response.end()
    expect(await client.until((text) => text.endsWith('0\r\n\r\n'))).not.toContain('500')
  })

  it.each([
    ['a name', 'A b', 'c'],
    ['a value with a line in it', 'A', 'b\r\nEvil: 1'],
    ['a value that is no byte', 'A', '\u0100'],
  ])('is not sent with %s that is none, and another one may be', async (_what, name, value) => {
    const arrived = await get()
    const { response } = arrived
    expect(() => response.writeHead(200, 'OK', ['Fine', '1', name, value])).toThrow(TypeError)
    expect(() => response.writeInformation(103, [name, value])).toThrow(TypeError)
    expect(() => response.addTrailers([[name, value]])).toThrow(TypeError)
    expect(response.headersSent).toBe(false)
    response.writeHead(502, 'Bad Gateway', ['Content-Length', '2'])
    response.end('no', 'latin1')
    expect(await received(arrived, 'no')).toBe('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno')
  })

  it('waits for the first bytes of its body, unless it is wanted before', async () => {
    const { client, response } = await get()
    response.writeHead(200, 'OK', [])
    await turns()
    expect([client.received, response.headersSent]).toEqual(['', false])
    response.flushHeaders()
    response.flushHeaders()
    const head = await client.until((text) => text.endsWith('\r\n\r\n'))
    expect(head.match(/200 OK/g)).toHaveLength(1)
  })

  it('may come behind informational ones', async () => {
    const arrived = await get()
    const { response } = arrived
    response.writeContinue()
    response.writeInformation(103, ['Link', '</a>'])
    response.writeHead(200, 'OK', ['Content-Length', '0'])
    response.end()
    await arrived.client.until((text) => text.includes('200 OK'))
    expect(await received(arrived, '\r\n\r\n')).toBe(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    )
  })

  it('leaves what is said of the connection to the connection, and keeps the date of the service', async () => {
    const { client, response } = await get()
    const said = ['Keep-Alive', 'timeout=9', 'transfer-encoding', 'gzip', 'Connection', 'X-A', 'date', 'then']
    response.writeHead(200, 'OK', [...said, 'Content-Length', '0'])
    response.end()
    const head = await client.until((text) => text.endsWith('\r\n\r\n'))
    expect(head).toBe(
      'HTTP/1.1 200 OK\r\ndate: then\r\nContent-Length: 0\r\n' +
        'Connection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n',
    )
  })
})

describe('an answer', () => {
  it('that is larger than what the client takes tells when there is room, and is over when all has been taken', async () => {
    const { client, response } = await get()
    client.socket.pause()
    let [drained, closed] = [0, 0]
    response.on('drain', () => drained++)
    response.on('close', () => closed++)
    response.writeHead(200, 'OK', ['Content-Length', '24000000'])
    expect(response.write(Buffer.alloc(12_000_000))).toBe(false)
    await turns()
    expect([drained, response.writableLength > 0]).toEqual([0, true])
    client.socket.resume()
    await eventually(() => drained === 1)
    client.socket.pause()
    response.end(Buffer.alloc(12_000_000))
    await turns()
    expect([closed, response.writableFinished]).toEqual([0, false])
    client.socket.resume()
    await eventually(() => closed === 1)
    expect(response.writableFinished).toBe(true)
  })

  it('that is over touches its connection no more', async () => {
    const { client, response, served } = await get()
    response.writeHead(200, 'OK', ['Content-Length', '2'])
    response.end('ok', 'latin1')
    expect(response.write(Buffer.from('late'))).toBe(false)
    await eventually(() => response.destroyed)
    client.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => served.length === 2)
    expect(response.write(Buffer.from('late'))).toBe(false)
    response.end(Buffer.from('late'))
    response.flushHeaders()
    response.destroy()
    served[1]!.response.writeHead(200, 'OK', ['Content-Length', '6'])
    served[1]!.response.end('second', 'latin1')
    const text = await client.until((all) => all.endsWith('second'))
    expect(text).not.toContain('late')
  })
})
