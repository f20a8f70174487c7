// The body of a request on its way to a target: exactly as long as declared, at the target's pace, trailers included.
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GatewayError } from '../../../../src/errors.ts'
import type { BodyStream, RequestBody } from '../../../../src/exchange.ts'
import { fc, runs } from '../../../support/property.ts'
import { startRawTarget } from '../../../support/target-server.ts'
import {
  bodyOf,
  closed,
  collect,
  createRequest,
  eventually,
  failureOf,
  startRaw,
  startService,
  targets,
  turns,
} from '../rig.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A target that answers as soon as what it has received ends so; `received` is all that came. */
async function startUntil(ending: string) {
  const seen = { received: '' }
  const target = await startRawTarget((socket) => {
    socket.on('data', (bytes) => {
      seen.received += bytes.toString('latin1')
      if (seen.received.endsWith(ending)) socket.write(OK)
    })
  })
  onTestFinished(() => target.close())
  const { service } = startService({ targets: targets(target.url) })
  const post = (body: RequestBody) => service.call(createRequest({ method: 'POST', body }))
  return { seen, target, post, received: () => seen.received.slice(seen.received.indexOf('\r\n\r\n') + 4) }
}

const declared = (
  length: number | undefined,
  body: Readable,
  more: Partial<RequestBody> = {},
): RequestBody => ({
  ...bodyOf(body),
  length,
  ...more,
})

const held = () => new Readable({ read() {} })

describe('a body that broke before it was read', () => {
  it('is told of, although it will not say so again', async () => {
    const { post } = await startUntil('\0')
    const body = held()
    body.on('error', () => {})
    body.destroy(new GatewayError('BAD_REQUEST'))
    await turns()
    expect(await failureOf(post(declared(undefined, body)))).toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('a body of a declared length', () => {
  it('is sent as it comes', async () => {
    const { post, received } = await startUntil('cde')
    const body = held()
    const calling = post(declared(5, body))
    for (const part of ['ab', 'cd', 'e']) {
      body.push(part)
      await turns()
    }
    body.push(null)
    expect((await collect(calling)).body).toBe('ok')
    expect(received()).toBe('abcde')
  })

  it('of nothing is sent as that', async () => {
    const { post, received } = await startUntil('Content-Length: 0\r\n\r\n')
    expect((await collect(post(declared(0, Readable.from([]))))).body).toBe('ok')
    expect(received()).toBe('')
  })

  it('is never longer: what is too much is not sent, and the connection closes', async () => {
    const { post, received, target } = await startUntil('never')
    const body = held()
    const failing = failureOf(post(declared(5, body)))
    body.push('abc')
    await eventually(() => received() === 'abc')
    body.push('defGET /smuggled HTTP/1.1')
    expect(await failing).toMatchObject({ code: 'INTERNAL_ERROR' })
    await eventually(() => target.sockets.size === 0)
    expect(received()).toBe('abc')
  })

  it('is never more than was declared once that has been sent', async () => {
    const { post, received, target } = await startUntil('abcde')
    const body = held()
    const calling = post(declared(5, body))
    body.push('abcde')
    expect((await collect(calling)).body).toBe('ok')
    body.push('GET /smuggled HTTP/1.1')
    await turns()
    const next = held()
    const again = post(declared(5, next))
    next.push('abcde')
    expect((await collect(again)).body).toBe('ok')
    expect([received().includes('smuggled'), target.sockets.size]).toEqual([false, 1])
  })

  it('is never shorter: the target cannot take it for whole', async () => {
    const { post, target } = await startUntil('never')
    const body = held()
    const failing = failureOf(post(declared(5, body)))
    body.push('abc')
    body.push(null)
    expect(await failing).toMatchObject({ code: 'INTERNAL_ERROR' })
    await eventually(() => target.sockets.size === 0)
  })
})

describe('a body in chunks', () => {
  it('of any sizes is what the target reads', async () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 16_380, max: 16_390 }))
    await fc.assert(
      fc.asyncProperty(fc.array(size, { maxLength: 4 }), async (sizes) => {
        const { post, received } = await startUntil('0\r\n\r\n')
        const body = Readable.from(sizes.map((length, at) => Buffer.alloc(length, 65 + at)))
        expect((await collect(post(declared(undefined, body)))).body).toBe('ok')
        const chunks = sizes.map(
          (length, at) => `${length.toString(16)}\r\n${String.fromCharCode(65 + at).repeat(length)}\r\n`,
        )
        expect(received()).toBe(`${chunks.join('')}0\r\n\r\n`)
      }),
      { numRuns: runs(20) },
    )
  })

  it('carries its trailers', async () => {
    const { post, received } = await startUntil('\r\n\r\n0\r\nX-A: 1\r\nx-a: \r\n\r\n')
    const body: BodyStream = Object.assign(held(), { trailers: () => ['X-A', '1', 'x-a', ''] })
    const calling = post(declared(undefined, body))
    body.push('\r\n')
    body.push(null)
    expect((await collect(calling)).body).toBe('ok')
    expect(received()).toBe('2\r\n\r\n\r\n0\r\nX-A: 1\r\nx-a: \r\n\r\n')
  })

  it('that breaks off has no last chunk', async () => {
    const { post, target, received } = await startUntil('never')
    const body = held()
    const failing = failureOf(post(declared(undefined, body)))
    body.push('abc')
    await eventually(() => received() === '3\r\nabc\r\n')
    body.destroy(new Error('gone'))
    expect((await failing).code).toBe('UPSTREAM_RESET')
    await eventually(() => target.sockets.size === 0)
    expect(received()).toBe('3\r\nabc\r\n')
  })
})

describe('a target', () => {
  it('that reads nothing makes the client wait', async () => {
    const target = await startRawTarget((socket) => void socket.pause())
    onTestFinished(() => target.close())
    const { service } = startService({ targets: targets(target.url) })
    let given = 0
    const body = new Readable({
      read() {
        given += 65_536
        this.push(Buffer.alloc(65_536))
      },
    })
    const failing = failureOf(
      service.call(createRequest({ method: 'POST', body: declared(undefined, body) })),
    )
    let before = -1
    const rests = () => {
      const rested = before === given
      before = given
      return rested
    }
    await expect.poll(rests, { interval: 200 }).toBe(true)
    expect(given).toBeLessThan(32 * 1024 * 1024)
    for (const socket of target.sockets) socket.destroy()
    await failing
    expect(body.destroyed).toBe(true)
  })

  it('may answer while the body goes on: both stream', async () => {
    const target = await startRaw((socket, request) => {
      if (request.startsWith('POST')) {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        socket.on('data', (bytes) => {
          const text = bytes.toString('latin1')
          socket.write(text.includes('\r\n0\r\n') || text === '0\r\n\r\n' ? '0\r\n\r\n' : '4\r\nmore\r\n')
        })
      }
    })
    const { service } = startService({ targets: targets(target.url) })
    const body = held()
    const response = await service.call(createRequest({ method: 'POST', body: declared(undefined, body) }))
    const collecting = collect(response)
    body.push('abc')
    await turns()
    body.push(null)
    expect(await collecting).toMatchObject({ body: 'more', failure: undefined })
  })
})

describe('a client that waits to be asked', () => {
  const waiting = { awaitsContinue: true }

  it('is asked when the service does, and not before', async () => {
    const target = await startRaw((socket, request) => {
      if (!request.startsWith('POST')) socket.write(OK)
    })
    const { service } = startService({ targets: targets(target.url) })
    let asked = false
    const body = new Readable({
      read() {
        asked = true
      },
    })
    const calling = service.call(createRequest({ method: 'POST', body: declared(4, body, waiting) }))
    await eventually(() => target.requests.length === 1)
    expect(target.requests[0]).toMatch(/\r\nExpect: 100-continue\r\n\r\n$/)
    await turns()
    expect(asked).toBe(false)
    target.accepted[0]!.write('HTTP/1.1 100 Continue\r\n\r\n')
    await eventually(() => asked)
    body.push('\r\n\r\n')
    expect((await collect(calling)).body).toBe('ok')
  })

  it('is not asked by another informational answer, nor by the final one', async () => {
    const target = await startRaw((socket) => void socket.write(`HTTP/1.1 103 E\r\n\r\n${OK}`))
    const { service } = startService({ targets: targets(target.url) })
    let asked = false
    const body = new Readable({
      read() {
        asked = true
      },
    })
    const request = createRequest({ method: 'POST', body: declared(4, body, waiting) })
    expect((await collect(service.call(request))).body).toBe('ok')
    await closed(target)
    expect([asked, body.destroyed]).toEqual([false, true])
  })
})
