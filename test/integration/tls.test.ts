// TLS in front of the gateway: certificates that change while clients come and go.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget } from '../support/target-server.ts'
import { askOverTls } from '../support/tls-client.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const SWAPS = 50

const config = (target: string) => `
listeners:
  secure:
    address: 127.0.0.1:0
    tls: { certificates: { cert: cert.pem, key: key.pem } }
services:
  api: { targets: ["${target}"], routes: { all: /* } }
`

interface Secure {
  readonly gateway: TestGateway
  readonly url: string
  /** Another certificate, and what the reload said. */
  swap(): Promise<{ readonly cert: string; readonly result: string }>
}

async function start(): Promise<Secure> {
  const target = await startTarget()
  const first = issueCertificate(['gw.test'])
  const gateway = await startTestGateway(config(target.url), {
    files: { 'cert.pem': first.cert, 'key.pem': first.key },
  })
  onTestFinished(async () => {
    await gateway.stop()
    await target.close()
  })
  return {
    gateway,
    url: gateway.gateway.addresses.listeners['secure']!,
    async swap() {
      const { cert, key } = issueCertificate(['gw.test'])
      writeFileSync(join(dirname(gateway.file), 'cert.pem'), cert)
      writeFileSync(join(dirname(gateway.file), 'key.pem'), key)
      return { cert, result: (await gateway.gateway.reload()).result }
    },
  }
}

const ask = (url: string, more: object = {}) =>
  askOverTls(url, { servername: 'gw.test', asks: 'gw.test', ...more })

/** A client that trusts anybody and keeps its one connection. */
function keepConnection(url: string): () => Promise<{ status: number | undefined; reused: boolean }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  onTestFinished(() => agent.destroy())
  return () =>
    new Promise((resolve, reject) => {
      const { hostname: host, port } = new URL(url)
      const options = { host, port, servername: 'gw.test', headers: { host: 'gw.test' }, agent }
      const sent = request({ ...options, path: '/x' }, (response) => {
        const { statusCode: status } = response
        response.resume().on('end', () => resolve({ status, reused: sent.reusedSocket }))
      })
      sent.on('error', reject).end()
    })
}

describe('a TLS listener', () => {
  it(`shows each of ${SWAPS} certificates from its swap on, and no handshake and no request fails`, async () => {
    const { url, swap } = await start()
    const kept = keepConnection(url)
    expect(await kept()).toEqual({ status: 200, reused: false })
    const answers: string[] = []
    let done = false
    const client = async () => {
      while (!done) answers.push((await ask(url)).text.slice(0, 12))
    }
    const clients = [client(), client(), client()]
    for (let swaps = 0; swaps < SWAPS; swaps++) {
      const { cert, result } = await swap()
      expect(result).toBe('applied')
      // Whoever trusts this one alone is served: it is the one that is shown.
      expect((await ask(url, { ca: cert })).fingerprint).toBe(new X509Certificate(cert).fingerprint256)
      expect(await kept()).toEqual({ status: 200, reused: true })
    }
    done = true
    await Promise.all(clients)
    expect(answers.length).toBeGreaterThan(SWAPS)
    expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 200']))
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'serves who connected before a swap and says hello behind it: %s',
    async (maxVersion) => {
      const { url, swap } = await start()
      const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
      await once(socket, 'connect')
      // Connections are taken in their order: with this one that one has been.
      const before = await ask(url)
      expect(before.text).toMatch(/ 200 /)
      const { cert } = await swap()
      const { text, fingerprint } = await ask(url, { socket, maxVersion })
      expect(text).toMatch(/ 200 /)
      // With all of the settings that are there when its hello comes: also who has to show a certificate is among them.
      expect(fingerprint).not.toBe(before.fingerprint)
      expect(fingerprint).toBe(new X509Certificate(cert).fingerprint256)
    },
  )
})
