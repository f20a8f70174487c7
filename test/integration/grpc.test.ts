// gRPC through the gateway: a real client, HTTP/2 on both sides, a real service; in clear text and over TLS.
import { Metadata, status as STATUS } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Text } from '../support/echo-service.ts'
import {
  type Echo,
  eventually,
  type GrpcRig,
  readAll,
  say,
  startGrpcRig,
  TRANSPORTS,
} from '../support/grpc-rig.ts'

const FOUR_MEGABYTES = 'x'.repeat(4 * 1024 ** 2)

let rig: GrpcRig

beforeAll(async () => {
  rig = await startGrpcRig({ echo: 'targets: ["{target}"]\nroutes: { all: POST /test.Echo/* }' })
})
afterAll(() => rig.stop())

describe.each(TRANSPORTS)('gRPC (%s)', (over) => {
  let client: Echo
  beforeAll(() => {
    client = rig.client(over, 'echo')
  })

  it('carries a call, its metadata both ways, binary too, and its trailers', async () => {
    const metadata = new Metadata()
    metadata.add('x-word', 'one')
    metadata.add('x-word', 'two')
    metadata.add('x-data-bin', Buffer.from([0, 255, 10]))
    const { value, error, head, end } = await say(client, 'hello', metadata)
    expect({ value, error }).toEqual({ value: 'hello', error: null })
    expect(head!.get('x-word')).toEqual(['one, two'])
    expect(head!.get('x-data-bin')).toEqual([Buffer.from([0, 255, 10])])
    expect(head!.get('x-request-id')[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(end.metadata.get('x-trailer')).toEqual(['behind'])
  })

  it('carries messages of four megabytes, one by one and in streams', async () => {
    expect((await say(client, FOUR_MEGABYTES)).value === FOUR_MEGABYTES).toBe(true)
    const stream = client.Chat()
    const read = readAll(stream)
    for (let at = 0; at < 3; at++) stream.write({ value: FOUR_MEGABYTES })
    stream.end()
    const { values, code } = await read
    expect(code).toBe(STATUS.OK)
    expect(values.map((value) => value === FOUR_MEGABYTES)).toEqual([true, true, true])
  })

  it('carries the status and the message of a failure of the service', async () => {
    const { error } = await say(client, 'fail 5 not here: 100 %')
    expect(error).toMatchObject({ code: STATUS.NOT_FOUND, details: 'not here: 100 %' })
    expect(error!.metadata.get('x-trailer')).toEqual(['behind'])
  })

  it('carries a stream of answers with its trailers, and one that fails on its way', async () => {
    const values = Array.from({ length: 500 }, (_, at) => String(at))
    const whole = await readAll(client.Count({ value: '500' }))
    expect(whole).toMatchObject({ values, code: STATUS.OK })
    expect(whole.metadata.get('x-trailer')).toEqual(['behind'])
    const broken = await readAll(client.Count({ value: '2 fail 9 broken' }))
    expect(broken).toMatchObject({
      values: ['0', '1'],
      code: STATUS.FAILED_PRECONDITION,
      details: 'broken',
    })
    expect(broken.metadata.get('x-trailer')).toEqual(['behind'])
  })

  it('carries a stream of requests', async () => {
    const joined = await new Promise((resolve, reject) => {
      const stream = client.Join((error, text) => (error ? reject(error) : resolve(text?.value)))
      for (const value of ['a', 'b', 'c']) stream.write({ value })
      stream.end()
    })
    expect(joined).toBe('abc')
  })

  it('carries both at once: each answer comes before the next request is sent', async () => {
    const stream = client.Chat()
    const values: string[] = []
    stream.on('data', ({ value }: Text) => values.push(value))
    const code = new Promise((resolve) => stream.on('status', ({ code }) => resolve(code)))
    for (const word of ['one', 'two', 'three']) {
      stream.write({ value: word })
      await eventually(() => values.at(-1) === word)
    }
    stream.end()
    expect(await code).toBe(STATUS.OK)
    expect(values).toEqual(['one', 'two', 'three'])
  })
})
