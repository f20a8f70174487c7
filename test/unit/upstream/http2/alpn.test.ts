// Targets over TLS: the handshake says what is spoken, unless the config does; everything is verified all the same.
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { ServiceSettings } from '../../../../src/upstream/settings.ts'
import { type Certificate, makeCertificate, trusting } from '../certificates.ts'
import {
  collect,
  createExchange,
  createRequest,
  eventually,
  failureOf,
  SETTINGS,
  startService,
  targets,
} from '../rig.ts'

let certificate: Certificate
beforeEach(() => {
  certificate = makeCertificate(['127.0.0.1'])
})

interface TlsTarget {
  readonly port: number
  readonly server: Server
  connections(): number
}

type Speaks = 'http1' | 'http2' | 'both'

/** Answers with the version that was spoken. */
async function startTls(speaks: Speaks, port = 0): Promise<TlsTarget> {
  const answer = (request: { httpVersion: string }, response: { end(text: string): unknown }) =>
    void response.end(request.httpVersion)
  const { cert, key } = certificate
  const server: Server =
    speaks === 'http1'
      ? createServer({ cert, key }, answer)
      : createSecureServer({ cert, key, allowHTTP1: speaks === 'both' }, answer)
  let connections = 0
  server.on('secureConnection', () => connections++)
  server.on('tlsClientError', () => {})
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, server, connections: () => connections }
}

function serviceFor({ port }: { readonly port: number }, settings: Partial<ServiceSettings> = {}) {
  const tls = trusting(certificate)
  const rig = startService({ targets: targets(`https://127.0.0.1:${port}`), tls, ...settings })
  return { rig, call: () => rig.service.call(createRequest()) }
}

const spoken = async (call: ReturnType<typeof serviceFor>['call']) => (await collect(call())).body

describe('a target over TLS', () => {
  it.each([
    ['both', 'auto', '2.0'],
    ['http2', 'auto', '2.0'],
    ['http1', 'auto', '1.1'],
    ['both', 'http2', '2.0'],
    ['both', 'http1', '1.1'],
    ['http1', 'http1', '1.1'],
  ] as const)('that speaks %s is spoken to as %s: %s', async (speaks, protocol, expected) => {
    const target = await startTls(speaks)
    const { call } = serviceFor(target, { protocol })
    expect(await spoken(call)).toBe(expected)
    // What was dialled to find out is used, not thrown away.
    expect(target.connections()).toBe(1)
    expect(await spoken(call)).toBe(expected)
  })

  it('of HTTP/1.1 has a connection for each of the first requests', async () => {
    const target = await startTls('http1')
    const { call } = serviceFor(target)
    const answers = await Promise.all(Array.from({ length: 5 }, () => spoken(call)))
    expect(answers).toEqual(Array(5).fill('1.1'))
    expect(target.connections()).toBeLessThanOrEqual(5)
  })

  it('that does not speak the HTTP/2 that it must has not seen the request', async () => {
    const target = await startTls('http1')
    const failure = await failureOf(serviceFor(target, { protocol: 'http2' }).call())
    expect(failure).toMatchObject({ code: 'UPSTREAM_TLS_FAILED', unprocessed: true })
  })

  it('is verified before anything is said over HTTP/2', async () => {
    const target = await startTls('http2')
    const other = trusting(makeCertificate(['127.0.0.1']))
    const failure = await failureOf(serviceFor(target, { tls: other }).call())
    expect(failure).toMatchObject({ code: 'UPSTREAM_TLS_FAILED', unprocessed: true })
  })

  it('that comes back with HTTP/2 is spoken to in HTTP/2', async () => {
    const old = await startTls('http1')
    const { call, rig } = serviceFor(old, { connections: { ...SETTINGS.connections, idleTimeoutMs: 1 } })
    expect(await spoken(call)).toBe('1.1')
    ;(old.server as ReturnType<typeof createServer>).closeAllConnections()
    old.server.close()
    await once(old.server, 'close')
    const down = await failureOf(call())
    expect(down.source).toBe('upstream')
    await startTls('http2', old.port)
    // A connection that was just closed may be found out only by using it.
    await eventuallySpoken(call, '2.0')
    expect(rig.service.targets[0]!.pending).toBe(0)
  })

  it('that comes back without HTTP/2 is spoken to in HTTP/1.1', async () => {
    const old = await startTls('both')
    const { call } = serviceFor(old)
    expect(await spoken(call)).toBe('2.0')
    const sessions = old.server as ReturnType<typeof createSecureServer>
    sessions.close()
    await once(sessions, 'close')
    await startTls('http1', old.port)
    await eventuallySpoken(call, '1.1')
  })

  it('holds more requests at once when it speaks HTTP/2', async () => {
    const connections = { ...SETTINGS.connections, max: 1, queue: 1 }
    const held = (target: TlsTarget, listener: () => void) => {
      target.server.removeAllListeners('request')
      target.server.on('request', listener)
    }
    for (const [speaks, room] of [
      ['http1', false],
      ['http2', true],
    ] as const) {
      const target = await startTls(speaks)
      const { call, rig } = serviceFor(target, { connections })
      await spoken(call)
      let asked = 0
      held(target, () => asked++)
      const exchange = createExchange()
      const calls = [1, 2].map(() => failureOf(rig.service.call(createRequest({ exchange }))))
      await eventually(() => asked > 0)
      expect(rig.service.targets[0]!.hasRoom()).toBe(room)
      exchange.abort.abort(new Error('gone'))
      await Promise.all(calls)
    }
  })
})

async function eventuallySpoken(
  call: () => ReturnType<ReturnType<typeof serviceFor>['call']>,
  version: string,
) {
  for (;;) {
    const body = await call().then(
      async (response) => (await collect(response)).body,
      () => undefined,
    )
    if (body === version) return
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
