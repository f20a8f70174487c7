// Calls of gRPC on their way to a target: their deadline, and what their status says of the target.
import { describe, expect, it } from 'vitest'
import { startHttp2Service } from './http2/http2-target.ts'
import { collect, createExchange, createRequest, failureOf, type Rig, SETTINGS } from './rig.ts'

const EJECTION = {
  failures: 2,
  successRate: 0.1,
  windowMs: 30_000,
  minimum: 100,
  baseMs: 5000,
  maxMs: 60_000,
}
const grpc = 'application/grpc'

const answering = (status: string) =>
  startHttp2Service((stream) => stream.respond({ 'grpc-status': status }, { endStream: true }), {
    ejection: EJECTION,
    connections: SETTINGS.connections,
  })

const target = (rig: Rig) => rig.service.targets[0]!

describe('the deadline of a call', () => {
  it('is told anew to each target: what is left of it', async () => {
    const { target, rig, call } = await startHttp2Service((stream) => stream.respond({}, { endStream: true }))
    const exchange = createExchange({ grpc, deadlineAt: rig.clock.now() + 5000 })
    const headers = ['Host', 'gw.test', 'grpc-timeout', '9S']
    const request = createRequest({ exchange, method: 'POST', headers })
    await collect(rig.service.call(request))
    await rig.clock.advance(1500)
    await collect(rig.service.call(request))
    expect(target.seen.map(({ headers }) => headers['grpc-timeout'])).toEqual(['5000m', '3500m'])
    await collect(call())
    expect(target.seen[2]!.headers['grpc-timeout']).toBeUndefined()
  })

  it('that has passed is not sent to anybody', async () => {
    const { target, rig, call } = await startHttp2Service((stream) => stream.respond({}, { endStream: true }))
    const exchange = createExchange({ grpc, deadlineAt: rig.clock.now() })
    expect(await failureOf(call({ exchange }))).toMatchObject({ code: 'UPSTREAM_TIMEOUT', unprocessed: true })
    expect(target.seen).toHaveLength(0)
  })
})

describe('a target that ends calls at once', () => {
  it.each([
    ['14', true],
    ['4', true],
    ['13', false],
    ['8', false],
    ['5', false],
    ['0', false],
  ])('with the status %s is ejected for it: %s', async (status, ejected) => {
    const { rig, call } = await answering(status)
    for (let made = 0; made < 2; made++) await collect(call({ exchange: createExchange({ grpc }) }))
    expect(target(rig).isAvailable()).toBe(!ejected)
  })

  it('is judged by the status of HTTP when the request is no call', async () => {
    const { rig, call } = await answering('14')
    for (let made = 0; made < 2; made++) await collect(call())
    expect(target(rig).isAvailable()).toBe(true)
  })
})
