// `limits`: what they are without a word, and what is no limit.
import { describe, expect, it } from 'vitest'
import { faultsOf, loaded, withRoute } from './config-under-test.ts'

const config = (limits: string) => `limits: ${limits}\n${withRoute('match: /x')}`

describe('limits', () => {
  it('are safe without a word about them', async () => {
    expect((await loaded(withRoute('match: /x'))).limits).toEqual({
      headerBytes: 16_384,
      headers: 100,
      urlBytes: 8192,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 300_000,
      keepAliveTimeoutMs: 75_000,
      connections: 20_000,
      connectionsPerClient: 1000,
      requestsPerConnection: undefined,
      bodyRate: 500,
      bodyGraceMs: 10_000,
      callSilenceMs: 300_000,
      writeTimeoutMs: 30_000,
      http2: { streams: 100, resets: 100, resetsPerSecond: 20, memoryBytes: 16_777_216 },
    })
  })

  it('may be set one by one', async () => {
    const { limits } = await loaded(
      config('{ headers: 50, http2: { streams: 10 }, requestsPerConnection: 5 }'),
    )
    expect(limits).toMatchObject({
      headers: 50,
      headerBytes: 16_384,
      requestsPerConnection: 5,
      http2: { streams: 10, resets: 100 },
    })
  })

  it.each([
    ['{ headerBytes: 16384 }', '1:24 limits.headerBytes: 16384 is not a size like 64KiB or 10MB'],
    [
      '{ headerBytes: 1GiB }',
      '1:24 limits.headerBytes: 1073741824 bytes are out of range: from 1024 to 1048576',
    ],
    ['{ headersTimeout: 0s }', '1:27 limits.headersTimeout: 0ms is out of range: from 1ms to 1d'],
    ['{ connections: 0 }', '1:24 limits.connections: 0 is out of range'],
    ['{ bodyRate: none }', '1:21 limits.bodyRate: "none" is not a size like 64KiB or 10MB'],
    ['{ http2: { stream: 1 } }', '1:20 unknown key "stream" in limits.http2 (did you mean "streams"?)'],
  ])('%s is a mistake', async (written, told) => {
    expect(await faultsOf(config(written))).toEqual([expect.stringContaining(told)])
  })
})
