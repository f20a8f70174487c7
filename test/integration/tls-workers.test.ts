// Session tickets of a node with several workers: a client may resume with any of them.
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

let gateway: ProcessGateway
let workers: number[]

beforeEach(async () => {
  const files = mkdtempSync(join(tmpdir(), 'turnpike-tickets-'))
  for (const [name, pem] of Object.entries(issueCertificate(['localhost'])))
    writeFileSync(join(files, `${name}.pem`), pem)
  gateway = await startProcessGateway(`
workers: 2
drain: { delay: 0s }
listeners:
  tls: { address: "127.0.0.1:0", tls: { certificates: { cert: ${files}/cert.pem, key: ${files}/key.pem } } }
services: { api: { routes: { all: { match: /*, respond: { status: 200, body: ok } } } } }
`)
  const listed = (await send(`${gateway.admin}/api/workers`)).json()['workers'] as { pid: number }[]
  workers = listed.map(({ pid }) => pid)
})

afterEach(async () => {
  for (const pid of workers) process.kill(pid, 'SIGCONT')
  await gateway.stop()
})

/** One request on a new connection, which only this worker can take. */
async function ask(worker: number, maxVersion: SecureVersion, session?: Buffer) {
  for (const pid of workers) process.kill(pid, pid === worker ? 'SIGCONT' : 'SIGSTOP')
  const port = Number(new URL(gateway.listeners['tls']!).port)
  const socket = connect({ port, host: '127.0.0.1', maxVersion, session, rejectUnauthorized: false })
  const tickets: Buffer[] = []
  socket.on('session', (ticket: Buffer) => tickets.push(ticket))
  await once(socket, 'secureConnect')
  const resumed = socket.isSessionReused()
  socket.end('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').resume()
  await once(socket, 'close')
  return { resumed, session: tickets.at(-1) }
}

describe('a session', () => {
  it.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
    'of %s that one worker began is resumed by the other',
    async (version) => {
      const [one, other] = workers
      const { resumed, session } = await ask(one!, version)
      expect(resumed).toBe(false)
      expect((await ask(other!, version, session)).resumed).toBe(true)
      expect((await ask(one!, version, session)).resumed).toBe(true)
    },
  )
})
