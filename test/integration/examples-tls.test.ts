// The examples of TLS, opened by the gateway or left closed: real clients that verify what they are shown.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Example, startExample } from '../support/example.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { type Certificate, issueCertificate, makeCertificate } from '../unit/upstream/certificates.ts'

/** The status, of a connection of its own; rejects when the certificate is not for this name. */
function statusOf(port: number, path: string, name: string, options: ConnectionOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const address = { host: '127.0.0.1', port, servername: name, headers: { host: name } }
    const sent = request({ ...address, ...options, path, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('tls.yaml', () => {
  let example: Example
  let target: TargetServer
  let api: Certificate
  let wildcard: Certificate
  let partner: Certificate

  beforeEach(async () => {
    target = await startTarget()
    onTestFinished(target.close)
    api = makeCertificate(['api.example.com'])
    wildcard = makeCertificate(['*.example.com'])
    partner = makeCertificate(['orders.partner.example'])
    example = await startExample('tls.yaml', {
      targets: ({ name }) => (name === 'orders' ? [target.url] : undefined),
      env: {
        API_CERT_FILE: api.certFile,
        API_KEY_FILE: api.keyFile,
        WILDCARD_CERT_FILE: wildcard.certFile,
        WILDCARD_KEY_FILE: wildcard.keyFile,
        PARTNERS_CA_FILE: partner.certFile,
      },
    })
  })

  it('shows each name its certificate, and serves its requests', async () => {
    const port = example.port('public')
    expect(await statusOf(port, '/orders/1', 'api.example.com', { ca: api.cert })).toBe(200)
    // A name of the wildcard, for which the file has no service.
    expect(await statusOf(port, '/orders/1', 'shop.example.com', { ca: wildcard.cert })).toBe(404)
    const mistaken = statusOf(port, '/orders/1', 'api.example.com', { ca: wildcard.cert })
    await expect(mistaken).rejects.toThrow(/self-signed certificate/)
    const unknown = await dial(port, { servername: 'other.test', rejectUnauthorized: false })
    expect(unknown.getPeerCertificate().subjectaltname).toBe('DNS:api.example.com')
    expect(target.seen).toHaveLength(1)
  })

  it('takes up renewed files; open connections go on, and files that do not fit change nothing', async () => {
    const port = example.port('public')
    const open = await dial(port, { servername: 'api.example.com', ca: api.cert })
    const next = issueCertificate(['api.example.com'])
    writeFileSync(api.certFile, next.cert)
    writeFileSync(api.keyFile, next.key)
    expect((await example.reload()).result).toBe('applied')
    expect(await statusOf(port, '/orders/1', 'api.example.com', { ca: next.cert })).toBe(200)
    writeFileSync(api.keyFile, api.key)
    expect((await example.reload()).result).toBe('refused')
    expect(await statusOf(port, '/orders/2', 'api.example.com', { ca: next.cert })).toBe(200)
    open.write('GET /orders/3 HTTP/1.1\r\nHost: api.example.com\r\n\r\n')
    expect(String((await once(open, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen.map(({ url }) => url)).toEqual(['/orders/1', '/orders/2', '/orders/3'])
  })

  it('has nowhere to connect in clear text', () => {
    expect(example.url()).toBeUndefined()
  })

  it('lets partners in by their certificate, and tells the service who they are', async () => {
    const own = { cert: partner.cert, key: partner.key }
    const port = example.port('partners')
    expect(await statusOf(port, '/settlements/1', 'api.example.com', { ca: api.cert, ...own })).toBe(200)
    expect(target.seen[0]!.headers['x-consumer-id']).toBe('orders.partner.example')
    expect(target.seen[0]!.headers['x-turnpike-client-cert']).toContain('DNS="orders.partner.example"')
    const nobody = statusOf(port, '/orders/1', 'api.example.com', { ca: api.cert })
    await expect(nobody).rejects.toThrow(/certificate required/)
    const old = statusOf(port, '/orders/1', 'api.example.com', {
      ca: api.cert,
      ...own,
      maxVersion: 'TLSv1.2',
    })
    await expect(old).rejects.toThrow(/protocol version/)
    const elsewhere = statusOf(example.port('public'), '/settlements/1', 'api.example.com', { ca: api.cert })
    expect(await elsewhere).toBe(401)
    expect(target.seen).toHaveLength(1)
  })
})

describe('tls-passthrough.yaml', () => {
  /** Echoes behind a certificate of its own. */
  async function startTls(name: string): Promise<string> {
    const { cert, key } = makeCertificate([name])
    const server = createServer({ cert, key }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each([
    ['db.example.com', 'database'],
    ['shop.apps.example.com', 'apps'],
    ['anything.test', 'apps'],
    [undefined, 'apps'],
  ])('leads the name %s to %s, whose certificate the client sees', async (servername, service) => {
    const services: Record<string, readonly string[]> = {
      database: [await startTls('database')],
      apps: [await startTls('apps')],
    }
    const example = await startExample('tls-passthrough.yaml', { targets: ({ name }) => services[name] })
    const options = { rejectUnauthorized: false, ...(servername === undefined ? {} : { servername }) }
    const socket = await dial(example.port('secure'), options)
    expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${service}`)
    socket.write('is anybody there?')
    expect(String((await once(socket, 'data'))[0])).toBe('is anybody there?')
  })

  it('serves HTTP beside it', async () => {
    const target = await startTarget()
    onTestFinished(target.close)
    const example = await startExample('tls-passthrough.yaml', {
      targets: ({ name }) => (name === 'shop' ? [target.url] : undefined),
    })
    const response = await fetch(`${example.url()}/shop/1`)
    expect([response.status, await response.json()]).toEqual([200, { path: '/shop/1' }])
  })
})

async function dial(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ...options })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}
