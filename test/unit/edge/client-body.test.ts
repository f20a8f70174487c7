// The client's body over a real connection: read once, at the pace of its reader, with ends of every kind.
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ClientBody } from '../../../src/edge/client-body.ts'
import { chunkedUpload, failureOf, readSome, textOf, upload } from './uploads.ts'
import { eventually, turns } from './wire.ts'

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

  it('in chunks of a byte is passed on as it came in packets, in order with larger ones', async () => {
    const small = '1\r\na\r\n'.repeat(5000)
    const large = `800\r\n${'b'.repeat(2048)}\r\n`
    const { body } = await chunkedUpload(`${small}${large}${small}0\r\n\r\n`)
    const parts: string[] = []
    for await (const chunk of body.open()) parts.push(String(chunk))
    expect(parts.join('')).toBe('a'.repeat(5000) + 'b'.repeat(2048) + 'a'.repeat(5000))
    expect(parts.length).toBeLessThan(100)
    expect(body.received).toBe(12_048)
  })

  it('in chunks of a byte has the limit of any other, and is kept like any other', async () => {
    const bytes = '1\r\na\r\n'.repeat(50)
    const limited = await chunkedUpload(`${bytes}0\r\n\r\n`)
    limited.body.limit(49)
    expect(await failureOf(limited.body.open())).toMatchObject({ code: 'BODY_TOO_LARGE' })
    const kept = await chunkedUpload(`${bytes}0\r\n\r\n`)
    kept.body.retain(50)
    expect(await textOf(kept.body.open())).toBe('a'.repeat(50))
    expect(await textOf(kept.body.open())).toBe('a'.repeat(50))
  })

  it('is not read from the client before somebody opens it', async () => {
    const { body, raw } = await upload(3, 'abc')
    await turns()
    expect(body.received).toBe(0)
    expect(raw.readableEnded).toBe(false)
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
    response.writeHead(200, 'OK', ['Content-Length', '2'])
    response.end('ok', 'latin1')
    expect(await client.until((text) => text.endsWith('ok'))).toContain('200 OK')
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
