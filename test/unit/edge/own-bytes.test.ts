import { describe, expect, it } from 'vitest'
import { OwnBytes, own } from '../../../src/edge/own-bytes.ts'

const SLAB = 64 * 1024

/** All memory that is held by it. */
const heldBy = (bytes: OwnBytes) =>
  [...new Set(bytes.chunks.map(({ buffer }) => buffer))].reduce((sum, { byteLength }) => sum + byteLength, 0)

/** One byte of a read from a socket that brought much else. */
const viewOf = (byte: number) => Buffer.alloc(SLAB, byte).subarray(100, 101)

describe('bytes that are kept', () => {
  it('are the same in order, whatever the sizes of their chunks', () => {
    const sizes = [1, 3, 4095, 4096, 4097, 1, 1, 5000, 2, 4094, 2, 1, 65_536, 7]
    const chunks = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    const bytes = new OwnBytes()
    for (const chunk of chunks) bytes.add(chunk)
    expect(Buffer.concat(bytes.chunks).equals(Buffer.concat(chunks))).toBe(true)
  })

  it('that were handed out stay what they were', () => {
    const bytes = new OwnBytes()
    bytes.add(Buffer.from('a'))
    bytes.add(Buffer.from('b'))
    const before = [...bytes.chunks]
    bytes.add(Buffer.from('c'))
    expect(Buffer.concat(before).toString()).toBe('ab')
    expect(Buffer.concat(bytes.chunks).toString()).toBe('abc')
  })

  it('in views of a byte cost little more than their bytes', () => {
    const bytes = new OwnBytes()
    for (let at = 0; at < 20_000; at++) bytes.add(viewOf(at % 256))
    expect(bytes.chunks.length).toBeLessThan(8)
    expect(heldBy(bytes)).toBeLessThan(20_000 + 8192)
  })

  it('of one large chunk are not copied', () => {
    const bytes = new OwnBytes()
    const chunk = Buffer.alloc(SLAB)
    bytes.add(chunk)
    expect(bytes.chunks[0]).toBe(chunk)
  })
})

it('a small part of a read is copied, most of one is not', () => {
  expect(own(viewOf(7))).toEqual(Buffer.of(7))
  expect(own(viewOf(7)).buffer.byteLength).toBe(1)
  const most = Buffer.alloc(SLAB).subarray(100)
  expect(own(most)).toBe(most)
})
