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
let files: string

const writeCertificate = () => {
  for (const [name, pem] of Object.entries(issueCertificate(['localhost'])))
    writeFileSync(join(files, `${name}.pem`), pem)
}

beforeEach(async () => {
  files = mkdtempSync(join(tmpdir(), 'turnpike-tickets-'))
  writeCertificate()
  const config = `
workers: 2
drain: { delay: 0s }
listeners:
  tls: { address: "127.0.0.1:0", tls: { certificates: { cert: ${files}/cert.pem, key: ${files}/key.pem } } }
services: { api: { routes: { all: { match: /*, respond: { status: 200, body: ok } } } } }
`
  gateway = await startProcessGateway(config, { flags: ['--no-watch'] })
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

describe.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('a session of %s', (version) => {
  const resumedByBoth = async () => {
    const [one, other] = workers
    const { resumed, session } = await ask(one!, version)
    expect(resumed).toBe(false)
    expect((await ask(other!, version, session)).resumed).toBe(true)
    expect((await ask(one!, version, session)).resumed).toBe(true)
  }

  it('that one worker began is resumed by the other', resumedByBoth)

  it('that one worker began after the certificate was renewed is resumed by the other', async () => {
    writeCertificate()
    const reloaded = await send(`${gateway.admin}/api/reload`, {
      method: 'POST',
      headers: { 'x-turnpike-admin': '1' },
    })
    expect(reloaded.json()).toMatchObject({ outcome: 'applied' })
    await resumedByBoth()
  })
})
