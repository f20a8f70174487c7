// Reaching a target: refused, too slow, over a unix socket, and over TLS that is always verified.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { poolOrigin, serverName } from '../../../src/upstream/connector.ts'
import { createPool } from '../../../src/upstream/pool.ts'
import { NOBODY } from '../../support/nobody.ts'
import { type Certificate, makeCertificate, trusting } from './certificates.ts'
import {
  collect,
  createRequest,
  eventually,
  failureOf,
  SETTINGS,
  startService,
  targets,
  turns,
} from './rig.ts'

async function listen(server: Server, path?: string): Promise<number> {
  server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' ? (address as AddressInfo).port : 0
}

const call = (url: string, settings: Parameters<typeof startService>[0] = {}) =>
  startService({ targets: targets(url), ...settings }).service.call(createRequest())

describe('a target that is not there', () => {
  it('is unreachable, and any method may be sent again', async () => {
    const failure = await failureOf(call(`http://${NOBODY}`))
    expect(failure).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', status: 502, unprocessed: true })
    expect(failure.message).not.toMatch(/127\.0\.0\.1|:1\b/)
  })

  it('because its socket file is missing is unreachable', async () => {
    const failure = await failureOf(call('unix:/nowhere/turnpike.sock'))
    expect(failure).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', unprocessed: true })
  })

  it('in time is a timeout of the connection, not of the service', async () => {
    const port = await listen(createTcpServer())
    const connections = { ...SETTINGS.connections, connectTimeoutMs: 50 }
    const failure = await failureOf(call(`https://127.0.0.1:${port}`, { connections }))
    expect(failure).toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT', status: 504, unprocessed: true })
  })
})

describe('a unix socket', () => {
  it('is a target like any other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'service.sock')
    const seen: unknown[] = []
    const server = createServer((request, response) => {
      seen.push([request.url, request.headers.host])
      response.end('over unix')
    })
    await listen(server, path)
    expect(await collect(call(`unix:${path}`))).toMatchObject({ status: 200, body: 'over unix' })
    expect(seen).toEqual([['/x', 'gw.test']])
  })
})

interface TlsTarget {
  readonly port: number
  /** Server names that clients asked for, and the subjects of their certificates. */
  readonly asked: { readonly name: string | undefined; readonly subject: string | undefined }[]
}

async function startTls(certificate: Certificate, options: ServerOptions = {}): Promise<TlsTarget> {
  const { cert, key } = certificate
  const asked: TlsTarget['asked'] = []
  const server = createTlsServer(
    { cert, key, ...options },
    (_request, response) => void response.end('secret'),
  )
  server.on('secureConnection', (socket: TLSSocket) => {
    const { servername } = socket as { servername?: string | false }
    asked.push({
      name: servername || undefined,
      subject: socket.getPeerCertificate()?.subject?.['CN'] as string,
    })
  })
  server.on('tlsClientError', () => {})
  return { port: await listen(server), asked }
}

describe('TLS', () => {
  it('with a certificate that nobody vouches for is refused (UR-48)', async () => {
    const { port, asked } = await startTls(makeCertificate(['127.0.0.1', 'localhost']))
    for (const host of ['127.0.0.1', 'localhost']) {
      const failure = await failureOf(call(`https://${host}:${port}`))
      expect(failure).toMatchObject({ code: 'UPSTREAM_TLS_FAILED', status: 502, unprocessed: true })
    }
    await turns()
    expect(asked.length).toBeLessThanOrEqual(2)
  })

  it('with the certificate of another name is refused', async () => {
    const certificate = makeCertificate(['other.test', '192.0.2.1'])
    const { port } = await startTls(certificate)
    const tls = trusting(certificate)
    expect((await failureOf(call(`https://127.0.0.1:${port}`, { tls }))).code).toBe('UPSTREAM_TLS_FAILED')
    expect((await failureOf(call(`https://localhost:${port}`, { tls }))).code).toBe('UPSTREAM_TLS_FAILED')
  })

  it('with a certificate that has expired is refused', async () => {
    const certificate = makeCertificate(['127.0.0.1'], -0.5)
    const { port } = await startTls(certificate)
    const failure = await failureOf(call(`https://127.0.0.1:${port}`, { tls: trusting(certificate) }))
    expect(failure).toMatchObject({ code: 'UPSTREAM_TLS_FAILED', cause: { code: 'CERT_HAS_EXPIRED' } })
  })

  it('from another issuer than the one that counts is refused', async () => {
    const { port } = await startTls(makeCertificate(['127.0.0.1']))
    const tls = trusting(makeCertificate(['127.0.0.1']))
    expect((await failureOf(call(`https://127.0.0.1:${port}`, { tls }))).code).toBe('UPSTREAM_TLS_FAILED')
  })

  it('is never replaced by plain text', async () => {
    const seen: string[] = []
    const port = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => {})
        socket.on('data', (chunk) => {
          seen.push(chunk.toString('latin1'))
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        })
      }),
    )
    expect((await failureOf(call(`https://127.0.0.1:${port}`))).code).toBe('UPSTREAM_TLS_FAILED')
    expect(seen.join('')).not.toContain('GET')
  })

  it('verified by an own issuer is used, by name', async () => {
    const certificate = makeCertificate(['localhost'])
    const { port, asked } = await startTls(certificate)
    const tls = trusting(certificate)
    expect(await collect(call(`https://localhost:${port}`, { tls }))).toMatchObject({
      status: 200,
      body: 'secret',
    })
    expect(asked).toMatchObject([{ name: 'localhost' }])
  })

  it('verified by an own issuer is used, by address, which is never sent as a name (RFC 6066 section 3)', async () => {
    const certificate = makeCertificate(['127.0.0.1'])
    const { port, asked } = await startTls(certificate)
    const tls = trusting(certificate)
    expect((await collect(call(`https://127.0.0.1:${port}`, { tls }))).body).toBe('secret')
    expect(asked).toMatchObject([{ name: undefined }])
  })

  it('verified by an own issuer is used, by an IPv6 address', async () => {
    // Mapped, as not every machine has an IPv6 loopback.
    const certificate = makeCertificate(['::ffff:127.0.0.1'])
    const { port, asked } = await startTls(certificate)
    const tls = trusting(certificate)
    expect((await collect(call(`https://[::ffff:127.0.0.1]:${port}`, { tls }))).body).toBe('secret')
    expect(asked).toMatchObject([{ name: undefined }])
  })

  it('may expect another name than the address', async () => {
    const certificate = makeCertificate(['orders.test'])
    const { port, asked } = await startTls(certificate)
    const tls = trusting(certificate, { serverName: 'orders.test' })
    expect((await collect(call(`https://127.0.0.1:${port}`, { tls }))).body).toBe('secret')
    expect(asked).toMatchObject([{ name: 'orders.test' }])
    const other = trusting(certificate, { serverName: 'other.test' })
    expect((await failureOf(call(`https://127.0.0.1:${port}`, { tls: other }))).code).toBe(
      'UPSTREAM_TLS_FAILED',
    )
  })

  it('is held to the name of the target, whatever Host the client asked for', async () => {
    const certificate = makeCertificate(['localhost'])
    const { port, asked } = await startTls(certificate)
    const { service } = startService({
      targets: targets(`https://localhost:${port}`),
      tls: trusting(certificate),
    })
    for (const host of ['evil.test', 'gw.test']) {
      expect((await collect(service.call(createRequest({ headers: ['Host', host] })))).status).toBe(200)
      await turns(5)
    }
    expect(asked).toMatchObject([{ name: 'localhost' }])
  })

  it('serves health checks and requests on the same connection', async () => {
    const certificate = makeCertificate(['localhost'])
    const { port, asked } = await startTls(certificate)
    const health = { path: '/health', everyMs: 1000, timeoutMs: 5000, healthy: 1, unhealthy: 1 }
    const tls = trusting(certificate)
    const rig = startService({ targets: targets(`https://localhost:${port}`), tls, health })
    await eventually(() => rig.clock.timers === 1)
    await turns()
    expect((await collect(rig.service.call(createRequest()))).status).toBe(200)
    await turns()
    await rig.clock.advance(1000)
    await eventually(() => rig.clock.timers === 1)
    expect(rig.service.targets[0]!.healthy).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('shows a certificate of its own where one is asked for', async () => {
    const certificate = makeCertificate(['127.0.0.1'])
    const { port, asked } = await startTls(certificate, { requestCert: true, ca: [certificate.cert] })
    const tls = trusting(certificate, {
      cert: Buffer.from(certificate.cert),
      key: Buffer.from(certificate.key),
    })
    expect((await collect(call(`https://127.0.0.1:${port}`, { tls }))).body).toBe('secret')
    expect(asked).toMatchObject([{ subject: 'test' }])
    const anonymous = trusting(certificate)
    expect((await failureOf(call(`https://127.0.0.1:${port}`, { tls: anonymous }))).source).toBe('upstream')
  })
})

describe('a pool', () => {
  const connections = SETTINGS.connections

  it('whose certificate is none is refused when it is made', () => {
    const tls = { cert: Buffer.from('none'), digest: '' }
    expect(() => createPool({ url: 'https://a.test', connections, tls })).toThrow()
    expect(() => createPool({ url: 'http://a.test', connections, tls })).not.toThrow()
  })

  it('has a valid origin, over unix sockets as well', () => {
    expect(poolOrigin('http://a.test:80')).toBe('http://a.test:80')
    expect(poolOrigin('unix:/run/a.sock')).toBe('http://unix.invalid')
  })

  it('expects a name of TLS targets only', () => {
    expect(serverName('http://a.test', { serverName: 'b.test', digest: '' })).toBeUndefined()
    expect(serverName('unix:/run/a.sock', undefined)).toBeUndefined()
    expect(serverName('https://a.test:8443', undefined)).toBe('a.test')
    expect(serverName('https://a.test', { serverName: 'b.test', digest: '' })).toBe('b.test')
  })
})
