// The client's body over a real connection: read once, replayed when kept, refused when too large.
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ClientBody } from '../../../src/edge/client-body.ts'
import { type Arrived, arrive, eventually, turns } from './wire.ts'

interface Upload extends Arrived {
  readonly body: ClientBody
}

const head = (framing: string) => `POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`

async function upload(length: number, bytes = ''): Promise<Upload> {
  const arrived = await arrive(head(`Content-Length: ${length}`) + bytes)
  return { ...arrived, body: new ClientBody(arrived.raw, { contentLength: length, chunked: false }) }
}

async function chunkedUpload(bytes = ''): Promise<Upload> {
  const arrived = await arrive(head('Transfer-Encoding: chunked') + bytes)
  return { ...arrived, body: new ClientBody(arrived.raw, { contentLength: undefined, chunked: true }) }
}

async function textOf(reader: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of reader) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

async function failureOf(reader: Readable): Promise<unknown> {
  return (await textOf(reader).catch((error) => error)) as unknown
}

/** Waits for exactly so many bytes to have been taken by the reader. */
async function readSome(reader: Readable, bytes: number): Promise<string> {
  let text = ''
  while (text.length < bytes) {
    const chunk = reader.read() as Buffer | null
    if (chunk === null) await once(reader, 'readable')
    else text += chunk.toString('latin1')
  }
  return text
}

describe('a body', () => {
  it('is present when it has a length or chunks', async () => {
    const { raw } = await upload(3)
    const of = (contentLength: number | undefined, chunked: boolean) =>
      new ClientBody(raw, { contentLength, chunked })
    expect(of(3, false)).toMatchObject({ present: true, length: 3, ended: false })
    expect(of(undefined, true)).toMatchObject({ present: true, length: undefined })
    expect(of(0, false)).toMatchObject({ present: false, length: 0, ended: true, replayable: true })
    expect(of(undefined, false)).toMatchObject({ present: false, ended: true })
  })

  it('arrives whole, by length and by chunks, byte for byte', async () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
    const whole = await upload(256, bytes)
    expect(await textOf(whole.body.open())).toBe(bytes)
    expect(whole.body).toMatchObject({ received: 256, ended: true, complete: true })
    const chunked = await chunkedUpload(`100\r\n${bytes}\r\n0\r\n\r\n`)
    expect(await textOf(chunked.body.open())).toBe(bytes)
  })

  it('is not read from the client before somebody opens it', async () => {
    const { body, raw } = await upload(3, 'abc')
    await turns()
    expect(body.received).toBe(0)
    expect(raw.readableFlowing).not.toBe(true)
  })

  it('is not read from the client before its reader is', async () => {
    const { body } = await upload(3, 'abc')
    const reader = body.open()
    await turns()
    expect(body.received).toBe(0)
    expect(await textOf(reader)).toBe('abc')
  })

  it('knows that the last byte is there only when it is', async () => {
    const { body, client, raw } = await upload(3, 'ab')
    const reader = body.open()
    expect(await readSome(reader, 2)).toBe('ab')
    expect(body).toMatchObject({ complete: false, ended: false })
    client.write('c')
    expect(await textOf(reader)).toBe('c')
    await eventually(() => raw.complete)
    expect(body).toMatchObject({ complete: true, ended: true })
  })
})

describe('replaying', () => {
  it('needs nobody to ask while nothing was read', async () => {
    const { body } = await upload(3, 'abc')
    expect(body.replayable).toBe(true)
    body.open().destroy()
    expect(await textOf(body.open())).toBe('abc')
  })

  it('is impossible once something was read and not kept', async () => {
    const { body } = await upload(3, 'abc')
    await textOf(body.open())
    expect(body.replayable).toBe(false)
    expect(() => body.open()).toThrow(expect.objectContaining({ code: 'INTERNAL_ERROR' }))
  })

  it('gives the same bytes again when they were kept', async () => {
    const { body } = await upload(3, 'abc')
    body.retain(3)
    expect(await textOf(body.open())).toBe('abc')
    expect(body.replayable).toBe(true)
    expect(await textOf(body.open())).toBe('abc')
    expect(await textOf(body.open())).toBe('abc')
  })

  it('starts from the first byte in the middle of the body, and goes on', async () => {
    const { body, client } = await upload(6, 'abc')
    body.retain(100)
    const first = body.open()
    expect(await readSome(first, 3)).toBe('abc')
    first.destroy()
    const second = body.open()
    client.write('def')
    expect(await textOf(second)).toBe('abcdef')
    expect(await textOf(body.open())).toBe('abcdef')
  })

  it('takes the body away from the reader before', async () => {
    const { body, client } = await upload(4, 'ab')
    body.retain(100)
    const first = body.open()
    expect(await readSome(first, 2)).toBe('ab')
    const second = body.open()
    expect(first.destroyed).toBe(true)
    client.write('cd')
    expect(await textOf(second)).toBe('abcd')
  })

  it('is given up with the first byte over what was to be kept', async () => {
    const { body, client } = await chunkedUpload('3\r\nabc\r\n')
    body.retain(3)
    const reader = body.open()
    await readSome(reader, 3)
    expect(body.replayable).toBe(true)
    client.write('1\r\nd\r\n0\r\n\r\n')
    expect(await textOf(reader)).toBe('d')
    expect(body.replayable).toBe(false)
  })

  it('is not begun in the middle', async () => {
    const { body, client } = await chunkedUpload('3\r\nabc\r\n')
    body.retain(2)
    const reader = body.open()
    await readSome(reader, 3)
    body.retain(100)
    client.write('1\r\nd\r\n0\r\n\r\n')
    expect(await textOf(reader)).toBe('d')
    expect(body.replayable).toBe(false)
  })

  it('keeps nothing of a body that is declared longer', async () => {
    const { body } = await upload(4, 'a')
    body.retain(3)
    await readSome(body.open(), 1)
    expect(body.replayable).toBe(false)
  })

  it('keeps as much as the one who wants most', async () => {
    const { body } = await upload(4, 'abcd')
    body.retain(4)
    body.retain(2)
    await textOf(body.open())
    expect(await textOf(body.open())).toBe('abcd')
  })

  it('may be asked for again with more', async () => {
    const { body } = await upload(4, 'abcd')
    body.retain(2)
    body.retain(4)
    await textOf(body.open())
    expect(body.replayable).toBe(true)
  })
})

describe('the limit', () => {
  it('lets a body of exactly so many bytes pass', async () => {
    const { body } = await chunkedUpload('3\r\nabc\r\n0\r\n\r\n')
    body.limit(3)
    expect(await textOf(body.open())).toBe('abc')
  })

  it('fails the reader with the first byte too many (LM02)', async () => {
    const { body, client } = await chunkedUpload('3\r\nabc\r\n')
    body.limit(3)
    const reader = body.open()
    await readSome(reader, 3)
    client.write('1\r\nd\r\n')
    expect(await failureOf(reader)).toMatchObject({ code: 'BODY_TOO_LARGE' })
  })

  it('is the smallest that anybody set', async () => {
    const { body } = await upload(4, 'abcd')
    body.limit(3)
    body.limit(10)
    expect(await failureOf(body.open())).toMatchObject({ code: 'BODY_TOO_LARGE' })
  })

  it('stays broken: to open it again tells the same', async () => {
    const { body } = await upload(4, 'abcd')
    body.retain(100)
    body.limit(3)
    await failureOf(body.open())
    expect(() => body.open()).toThrow(expect.objectContaining({ code: 'BODY_TOO_LARGE' }))
  })

  it('was the reason, even if the client then goes away', async () => {
    const { body, client, raw } = await upload(100, 'abcd')
    body.limit(3)
    await failureOf(body.open())
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed)
    await turns()
    expect(() => body.open()).toThrow(expect.objectContaining({ code: 'BODY_TOO_LARGE' }))
  })

  it('does not stop the rest from running off afterwards', async () => {
    const { body, client, raw } = await upload(6, 'abcd')
    body.limit(3)
    await failureOf(body.open())
    body.drain()
    client.write('ef')
    await eventually(() => raw.complete)
    expect(raw.destroyed && !raw.complete).toBe(false)
  })
})

describe('a reader that goes away', () => {
  it('leaves the connection of the client alone', async () => {
    const { body, client, raw, response } = await upload(6, 'abc')
    const reader = body.open()
    await readSome(reader, 3)
    reader.destroy(new Error('upstream gone'))
    await once(reader, 'error').catch(() => {})
    await turns()
    expect(raw.destroyed).toBe(false)
    body.drain()
    client.write('def')
    response.end('ok')
    expect(await client.until((text) => text.endsWith('ok\r\n0\r\n\r\n') || text.endsWith('ok'))).toContain(
      '200 OK',
    )
  })

  it('stops the client: nothing is read for nobody', async () => {
    const { body, client } = await upload(50_000_000)
    body.open().destroy()
    client.write(Buffer.alloc(5_000_000))
    await turns()
    expect(body.received).toBeLessThan(200_000)
  })
})

describe('a reader that does not read', () => {
  it('holds the client back: what is buffered is bounded', async () => {
    const { body, client } = await upload(20_000_000)
    const reader = body.open()
    client.write(Buffer.alloc(20_000_000))
    await once(reader, 'readable')
    await turns(100)
    expect(body.received).toBeLessThan(500_000)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    expect((await textOf(reader)).length).toBe(20_000_000)
  })
})

describe('a client that goes away', () => {
  it('in the middle of its body fails the reader', async () => {
    const { body, client } = await upload(6, 'abc')
    const reader = body.open()
    await readSome(reader, 3)
    client.socket.resetAndDestroy()
    expect(await failureOf(reader)).toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('by a clean end in the middle of its body fails the reader as well', async () => {
    const { body, client } = await upload(6, 'abc')
    const reader = body.open()
    client.socket.end()
    expect(await failureOf(reader)).toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('before anybody reads fails who opens the body then', async () => {
    const { body, client, raw } = await upload(6, 'abc')
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed)
    await turns()
    expect(await failureOf(body.open())).toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('while nobody listens to the reader is no unhandled error', async () => {
    const { body, client, raw } = await upload(6, 'abc')
    const reader = body.open()
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed && reader.destroyed)
    await turns()
    expect(reader.errored).toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('after the reader went is no unhandled error', async () => {
    const { body, client, raw } = await upload(6, 'abc')
    body.open().destroy()
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed)
    await turns()
    expect(body.ended).toBe(false)
  })

  it('after its body is no failure', async () => {
    const { body, client, raw } = await upload(3, 'abc')
    const reader = body.open()
    expect(await readSome(reader, 3)).toBe('abc')
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed)
    expect(await textOf(reader)).toBe('')
  })
})

describe('draining', () => {
  it('lets an unopened body run off', async () => {
    const { body, client, raw } = await upload(1_000_000)
    body.drain()
    client.write(Buffer.alloc(1_000_000))
    await eventually(() => raw.complete)
    expect(body.received).toBe(0)
  })

  it('takes the body away from its reader without harm', async () => {
    const { body, client, raw } = await upload(5_000_003, 'abc')
    const reader = body.open()
    await readSome(reader, 3)
    body.drain()
    client.write(Buffer.alloc(5_000_000))
    await eventually(() => body.ended)
    expect(raw.complete).toBe(true)
    expect(reader.readableLength).toBe(0)
    reader.destroy()
  })
})
