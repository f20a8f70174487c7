// Calls of gRPC that do not come to their own end: a deadline passes, the client or the service cancels, a stream is reset.
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { type CallOptions, Metadata, status as STATUS } from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type Echo,
  eventually,
  type GrpcRig,
  readAll,
  say,
  startGrpcRig,
  TRANSPORTS,
} from '../support/grpc-rig.ts'

const ROUTES = 'routes: { all: POST /test.Echo/* }'

let rig: GrpcRig
let raw: Http2Server
/** What the service does whose streams are in the hands of the test. */
let answerRaw: (stream: ServerHttp2Stream) => void

beforeAll(async () => {
  raw = createServer().on('stream', (stream) => {
    stream.on('error', () => {})
    answerRaw(stream)
  })
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve))
  rig = await startGrpcRig({
    echo: `targets: ["{target}"]\n${ROUTES}`,
    hasty: `targets: ["{target}"]\ntimeout: 1500ms\n${ROUTES}`,
    single: `targets: ["{target}"]\nconcurrency: 1\n${ROUTES}`,
    raw: `targets: ["h2c://127.0.0.1:${(raw.address() as AddressInfo).port}"]\nconcurrency: 1\n${ROUTES}`,
  })
})
afterEach(async () => {
  await eventually(async () => (await rig.inFlight()) === '0')
})
afterAll(async () => {
  await rig.stop()
  raw.close()
})

const within = (ms: number): CallOptions => ({ deadline: Date.now() + ms })

describe.each(TRANSPORTS)('a deadline (%s)', (over) => {
  it('is told to the service: what is left of it', async () => {
    await say(rig.client(over, 'echo'), 'hello', undefined, within(30_000))
    expect(rig.services[over].left()).toBeGreaterThan(0)
    expect(rig.services[over].left()).toBeLessThanOrEqual(30_000)
  })

  it('of the client ends the call at the service', async () => {
    const before = rig.services[over].cancelled()
    const { error } = await say(rig.client(over, 'echo'), 'hang', undefined, within(300))
    expect(error).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED })
    await eventually(() => rig.services[over].cancelled() === before + 1)
  })

  it('of the route is the lower one, and cancels the call', async () => {
    const before = rig.services[over].cancelled()
    const { error } = await say(rig.client(over, 'hasty'), 'hang', undefined, within(60_000))
    expect(error).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED })
    expect(error!.metadata.get('x-gateway-error')).toEqual(['UPSTREAM_TIMEOUT'])
    await eventually(() => rig.services[over].cancelled() === before + 1)
  })

  it('that passes in the middle of a stream is told behind what came', async () => {
    const before = rig.services[over].cancelled()
    const { values, code } = await readAll(rig.client(over, 'hasty').Count({ value: '3 hang' }))
    expect({ values, code }).toEqual({ values: ['0', '1', '2'], code: STATUS.DEADLINE_EXCEEDED })
    await eventually(() =>
      rig.gateway.log.some(({ grpcStatus, cause }) => grpcStatus === 4 && cause === 'UPSTREAM_TIMEOUT'),
    )
    await eventually(() => rig.services[over].cancelled() === before + 1)
  })
})

/** Begins a call that would never end, waits until the service has it, and hands out how to give it up. */
const BEGINNERS: Readonly<Record<string, (echo: Echo, arrived: () => boolean) => Promise<() => void>>> = {
  async 'waits for its answer'(echo, arrived) {
    const call = echo.Say({ value: 'hang' }, new Metadata(), {}, () => {})
    await eventually(arrived)
    return () => call.cancel()
  },
  async 'reads a stream'(echo) {
    const stream = echo.Count({ value: '1 hang' })
    stream.on('error', () => {})
    await new Promise((resolve) => stream.once('data', resolve))
    return () => stream.cancel()
  },
  async 'writes a stream'(echo, arrived) {
    const stream = echo.Join(() => {})
    stream.on('error', () => {})
    stream.write({ value: 'a' })
    await eventually(arrived)
    return () => stream.cancel()
  },
  async 'does both'(echo) {
    const stream = echo.Chat()
    stream.on('error', () => {})
    stream.write({ value: 'a' })
    await new Promise((resolve) => stream.once('data', resolve))
    return () => stream.cancel()
  },
}

describe.each(TRANSPORTS)('a client that cancels (%s)', (over) => {
  it.each(Object.keys(BEGINNERS))(
    'while it %s cancels the call at the service, and leaves its place',
    async (how) => {
      const { calls, cancelled } = rig.services[over]
      const [arrivedBefore, before] = [calls.length, cancelled()]
      const client = rig.client(over, 'single')
      const cancel = await BEGINNERS[how]!(client, () => calls.length > arrivedBefore)
      expect((await say(client, 'x')).error).toMatchObject({ code: STATUS.UNAVAILABLE })
      cancel()
      await eventually(() => cancelled() === before + 1)
      await eventually(async () => (await say(client, 'x')).error === null)
    },
  )
})

describe.each(TRANSPORTS)('a service that cancels (%s)', (over) => {
  const cancelled = { code: STATUS.CANCELLED, details: 'no more' }

  it('ends a call that waits, and one that streams, at its client', async () => {
    const client = rig.client(over, 'single')
    expect((await say(client, 'fail 1 no more')).error).toMatchObject(cancelled)
    const counted = await readAll(client.Count({ value: '2 fail 1 no more' }))
    expect(counted).toMatchObject({ ...cancelled, values: ['0', '1'] })
    expect(counted.metadata.get('x-gateway-error')).toEqual([])
  })

  it('ends a call whose client still writes', async () => {
    const client = rig.client(over, 'single')
    const stream = client.Chat()
    const read = readAll(stream)
    stream.write({ value: 'one' })
    stream.write({ value: 'fail 1 no more' })
    expect(await read).toMatchObject({ ...cancelled, values: ['one'] })
    // The place of a call that nobody has ended for its client is free.
    await eventually(async () => (await say(client, 'x')).error === null)
  })
})

/** `value: "a"` as a message of gRPC. */
const MESSAGE = Buffer.from([0, 0, 0, 0, 3, 10, 1, 97])

describe.each(TRANSPORTS)('a stream that the service breaks off (%s)', (over) => {
  it.each([
    ['CANCEL', 8],
    ['INTERNAL_ERROR', 2],
    ['NO_ERROR', 0],
  ])('with %s behind a message ends the call at its client, as no success', async (_name, code) => {
    answerRaw = (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.write(MESSAGE, () => setTimeout(() => stream.close(code), 50))
    }
    const client = rig.client(over, 'raw')
    for (let call = 0; call < 2; call++) {
      const ended = await readAll(client.Count({ value: '' }))
      expect(ended).toMatchObject({ values: ['a'], code: STATUS.UNAVAILABLE })
      expect(ended.metadata.get('x-gateway-error')).toEqual(['UPSTREAM_RESET'])
    }
  })

  it('before it has answered ends the call at its client, and frees its place', async () => {
    answerRaw = (stream) => stream.close(8)
    const client = rig.client(over, 'raw')
    for (let call = 0; call < 2; call++) {
      const { error } = await say(client, 'x')
      expect(error).toMatchObject({ code: STATUS.UNAVAILABLE })
      expect(error!.metadata.get('x-gateway-error')).toEqual(['UPSTREAM_RESET'])
    }
  })
})
