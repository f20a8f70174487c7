// TLS in front of the gateway: the certificate for each name, and certificates that change while clients come and go.
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget } from '../support/target-server.ts'
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
  readonly port: number
  swap(): Promise<string>
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
    port: Number(new URL(gateway.gateway.addresses.listeners['secure']!).port),
    async swap() {
      const next = issueCertificate(['gw.test'])
      writeFileSync(join(dirname(gateway.file), 'cert.pem'), next.cert)
      writeFileSync(join(dirname(gateway.file), 'key.pem'), next.key)
      return (await gateway.gateway.reload()).result
    },
  }
}

/** The status, on a connection of its own that trusts anybody. */
function ask(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', servername: 'gw.test', headers: { host: 'gw.test' } }
    const sent = request({ ...options, agent: false, rejectUnauthorized: false, path: '/x' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('a TLS listener', () => {
  it(`serves on while its certificate changes ${SWAPS} times: no handshake and no request fails`, async () => {
    const { port, swap } = await start()
    const statuses: number[] = []
    let done = false
    const client = async () => {
      while (!done) statuses.push(await ask(port))
    }
    const clients = [client(), client(), client()]
    for (let swaps = 0; swaps < SWAPS; swaps++) expect(await swap()).toBe('applied')
    done = true
    await Promise.all(clients)
    expect(statuses.length).toBeGreaterThan(SWAPS)
    expect(new Set(statuses)).toEqual(new Set([200]))
  }, 60_000)
})
