// The client's body once more: replayed when kept, refused when too large.
import { describe, expect, it } from 'vitest'
import { chunkedUpload, failureOf, readSome, textOf, upload } from './uploads.ts'
import { eventually, turns } from './wire.ts'

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
