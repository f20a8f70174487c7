// Targets that are broken or hostile: each has its right answer, and the process lives (rows UR of the catalogue).
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  type Collected,
  collect,
  createRequest,
  eventually,
  SETTINGS,
  startRaw,
  startService,
  targets,
  turns,
} from './rig.ts'

const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const many = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`)

/** What came of a call: the code of its failure, `cut` when the body failed, or the status and body. */
function told(outcome: Collected | { readonly code: string }): string {
  if ('code' in outcome) return outcome.code
  return outcome.failure
    ? `${outcome.status} cut ${outcome.failure.code}`
    : `${outcome.status} ${outcome.body}`
}

async function call(answer: (socket: Socket) => void) {
  const target = await startRaw(answer)
  const rig = startService({ targets: targets(target.url) })
  const outcome = await collect(rig.service.call(createRequest())).catch((error) => error)
  return { target, rig, outcome, told: told(outcome) }
}

describe('a head that is none', () => {
  it.each([
    ['UR-dupcl', `${head('Content-Length: 3', 'Content-Length: 5')}abcde`],
    ['UR-dupclsame', `${head('Content-Length: 3', 'Content-Length: 3')}abc`],
    ['UR-clte', `${head('Content-Length: 3', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`],
    ['UR-barelf', 'HTTP/1.1 200 OK\nContent-Length: 3\n\nabc'],
    ['UR-statusabc', 'HTTP/1.1 abc OK\r\nContent-Length: 3\r\n\r\nabc'],
    ['UR-nulhdr', `${head('X-A: a\0b', 'Content-Length: 3')}abc`],
    ['UR-crhdr', `${head('X-A: a\rSet-Cookie: evil=1', 'Content-Length: 3')}abc`],
    ['UR-tegzip', `${head('Transfer-Encoding: gzip, chunked')}3\r\nabc\r\n0\r\n\r\n`],
    ['UR-tegzip, alone', `${head('Transfer-Encoding: gzip')}abc`],
    ['UR-tetwice', `${head('Transfer-Encoding: chunked', 'Transfer-Encoding: gzip')}3\r\nabc\r\n0\r\n\r\n`],
    ['UR-bighdr40k', `${head(`X-A: ${'a'.repeat(40_000)}`, 'Content-Length: 3')}abc`],
    ['UR-43', `${head(...many(10_000), 'Content-Length: 3')}abc`],
    ['UR-s101', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
    ['HTTP/0.9', '<html>hello</html>'],
    ['garbage', '\x00\x01\x02\x03\r\n\r\n'],
    ['a space before the colon', `${head('X-A : 1', 'Content-Length: 3')}abc`],
    ['a negative length', `${head('Content-Length: -1')}abc`],
    ['a huge length', `${head('Content-Length: 99999999999999999999')}abc`],
  ])('%s is an invalid response, and its connection is closed', async (_id, bytes) => {
    const { told, outcome, target } = await call((socket) => void socket.write(bytes, 'latin1'))
    expect(told).toBe('UPSTREAM_INVALID_RESPONSE')
    expect(outcome.unprocessed).toBe(false)
    await eventually(() => target.accepted[0]!.destroyed)
  })

  it('UR-reset and UR-halfhdr are a broken connection', async () => {
    expect((await call((socket) => void socket.resetAndDestroy())).told).toBe('UPSTREAM_RESET')
    expect((await call((socket) => void socket.end())).told).toBe('UPSTREAM_RESET')
    expect((await call((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Le'))).told).toBe(
      'UPSTREAM_RESET',
    )
  })
})

describe('the limit of a head', () => {
  it.each([
    [2048, 'UPSTREAM_INVALID_RESPONSE'],
    [65_536, '200 abc'],
  ])('is that of the service: %d bytes', async (headLimitBytes, expected) => {
    const target = await startRaw(
      (socket) => void socket.write(`${head(`X-A: ${'a'.repeat(40_000)}`, 'Content-Length: 3')}abc`),
    )
    const connections = { ...SETTINGS.connections, headLimitBytes }
    const { service } = startService({ targets: targets(target.url), connections })
    expect(told(await collect(service.call(createRequest())).catch((error) => error))).toBe(expected)
  })
})

describe('an odd head that is one', () => {
  it.each([
    ['UR-latin', `${head('X-A: caf\xe9', 'Content-Length: 3')}a\xffc`, 'X-A', 'caf\xe9', '200 a\xffc'],
    ['UR-utf8', `${head('X-A: \xc3\xa9', 'Content-Length: 2')}\xc3\xa9`, 'X-A', '\xc3\xa9', '200 \xc3\xa9'],
    [
      'UR-proto',
      `${head('__proto__: x', 'constructor: y', 'Content-Length: 2')}ok`,
      '__proto__',
      'x',
      '200 ok',
    ],
    ['UR-noreason', 'HTTP/1.1 200\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok', 'X-A', '1', '200 ok'],
    ['an odd status', 'HTTP/1.1 299 Odd\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok', 'X-A', '1', '299 ok'],
  ])('%s comes through, bytes intact', async (_id, bytes, name, value, expected) => {
    const { told, outcome } = await call((socket) => void socket.write(bytes, 'latin1'))
    expect(told).toBe(expected)
    expect(outcome.pairs.slice(0, 2)).toEqual([name, value])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('UR-twocookies keeps two lines', async () => {
    const { outcome } = await call(
      (socket) => void socket.write(head('Set-Cookie: a', 'Set-Cookie: b', 'Content-Length: 0')),
    )
    expect(outcome.pairs.slice(0, 4)).toEqual(['Set-Cookie', 'a', 'Set-Cookie', 'b'])
  })
})

describe('a body that breaks off', () => {
  it.each([
    ['UR-trunc', `${head('Content-Length: 10')}abc`],
    ['UR-trunc, said to close', `${head('Connection: close', 'Content-Length: 10')}abc`],
    ['UR-chtrunc', `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n`],
    ['UR-chtrunc, said to close', `${head('Connection: close', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`],
    ['before the last CRLF', `${head('Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n`],
  ])('%s is cut, never a clean end', async (_id, bytes) => {
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const { told } = await call((socket) => void socket.write(bytes, () => void socket[end]()))
      expect(told).toMatch(/^200 cut UPSTREAM_/)
    }
  })

  it('UR-badchunk is cut', async () => {
    const { told, target } = await call(
      (socket) => void socket.write(`${head('Transfer-Encoding: chunked')}3\r\nabc\r\nzz\r\n`),
    )
    expect(told).toBe('200 cut UPSTREAM_INVALID_RESPONSE')
    await eventually(() => target.accepted[0]!.destroyed)
  })
})

describe('bytes after the answer', () => {
  const POISON = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nPOISONED'

  it.each([
    ['UR-extra', `${head('Content-Length: 2')}ok${POISON}`, '200 ok'],
    ['UR-s204body', `HTTP/1.1 204 No Content\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`, '204 '],
    ['204 with chunks', `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n${POISON}`, '204 '],
    [
      '304 with a body',
      `HTTP/1.1 304 Not Modified\r\nContent-Length: ${POISON.length}\r\n\r\n${POISON}`,
      '304 ',
    ],
  ])('%s never reach the next request', async (_id, bytes, expected) => {
    let answered = 0
    const target = await startRaw(
      (socket) => void socket.write(answered++ === 0 ? bytes : `${head('Content-Length: 5')}clean`),
    )
    const { service } = startService({ targets: targets(target.url) })
    expect(told(await collect(service.call(createRequest())))).toBe(expected)
    await turns()
    expect(told(await collect(service.call(createRequest())))).toBe('200 clean')
    expect(target.accepted).toHaveLength(2)
  })

  it('UR-45 of an answer to HEAD never reach the next request', async () => {
    let answered = 0
    const target = await startRaw(
      (socket) =>
        void socket.write(
          answered++ === 0
            ? `${head(`Content-Length: ${POISON.length}`)}${POISON}`
            : `${head('Content-Length: 5')}clean`,
        ),
    )
    const { service } = startService({ targets: targets(target.url) })
    expect(told(await collect(service.call(createRequest({ method: 'HEAD' }))))).toBe('200 ')
    await turns()
    expect(told(await collect(service.call(createRequest())))).toBe('200 clean')
  })

  it('UR-46 on an idle connection never reach the next request', async () => {
    let answered = 0
    const target = await startRaw((socket) => void socket.write(`${head('Content-Length: 1')}${++answered}`))
    const { service } = startService({ targets: targets(target.url) })
    expect(told(await collect(service.call(createRequest())))).toBe('200 1')
    await turns()
    target.accepted[0]!.write(POISON)
    await eventually(() => target.accepted[0]!.destroyed)
    expect(told(await collect(service.call(createRequest())))).toBe('200 2')
  })
})

describe('a connection that the target ends', () => {
  it('UR-conclose after its answer costs the next request nothing', async () => {
    const target = await startRaw(
      (socket) => void socket.end(`${head('Connection: close', 'Content-Length: 2')}ok`),
    )
    const { service } = startService({ targets: targets(target.url) })
    for (let time = 0; time < 3; time++)
      expect(told(await collect(service.call(createRequest())))).toBe('200 ok')
    expect(target.accepted).toHaveLength(3)
  })

  it('UR-47 exactly when it is used again fails that request as one that may have been processed', async () => {
    let answered = 0
    const target = await startRaw((socket) => {
      if (answered++ === 0) socket.write(`${head('Content-Length: 2')}ok`)
      else socket.resetAndDestroy()
    })
    const { service } = startService({ targets: targets(target.url) })
    await collect(service.call(createRequest({ method: 'POST' })))
    await turns()
    const failure = await collect(service.call(createRequest({ method: 'POST' }))).catch((error) => error)
    expect(failure).toMatchObject({ code: 'UPSTREAM_RESET', unprocessed: false })
    expect(target.requests).toHaveLength(2)
  })
})
