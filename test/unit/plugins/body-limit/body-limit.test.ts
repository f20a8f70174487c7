// `bodyLimit`: how large a request body may be.
import { describe, expect, it } from 'vitest'
import { bodyLimit } from '../../../../plugins/body-limit/body-limit.ts'
import { fakeExchange } from '../cors/fake-exchange.ts'

const limited = (settings: string, body: { present: boolean; length?: number }) => {
  const exchange = fakeExchange({ method: 'POST', body })
  bodyLimit.create(bodyLimit.settings.parse(settings)).onRequest?.(exchange)
  return exchange.body.limits
}

describe('a body limit', () => {
  it('lets a body of exactly the limit through, and refuses one byte more before it is read', () => {
    expect(limited('1KiB', { present: true, length: 1024 })).toEqual([])
    expect(() => limited('1KiB', { present: true, length: 1025 })).toThrow(
      expect.objectContaining({
        code: 'BODY_TOO_LARGE',
        status: 413,
        detail: 'The body may have at most 1024 bytes',
      }),
    )
  })

  it('has a body of unknown length counted while it arrives', () => {
    expect(limited('1KiB', { present: true })).toEqual([1024])
  })

  it('leaves a request without a body alone', () => {
    expect(limited('0B', { present: false })).toEqual([])
  })

  it('may allow no body at all', () => {
    expect(() => limited('0B', { present: true, length: 1 })).toThrow()
    expect(limited('0B', { present: true })).toEqual([0])
  })

  it.each(['1', '1 MB', 'big', 1024])('cannot be %j: a size carries its unit', (settings) => {
    expect(bodyLimit.settings.safeParse(settings).error?.issues[0]?.message).toBe(
      `${JSON.stringify(settings)} is not a size like 64KiB or 10MB`,
    )
  })
})
