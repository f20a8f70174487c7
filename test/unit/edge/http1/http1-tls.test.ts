// What TLS changes for an answer: Node hands its bytes on a little later, whoever reads them.
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { Http1Connections } from '../../../../src/edge/http1/http1-connections.ts'
import type { Http1Response } from '../../../../src/edge/http1/http1-response.ts'
import { Spread } from '../../../../src/edge/spread.ts'
import { Turnstile } from '../../../../src/edge/turnstile.ts'
import { systemClock } from '../../../../src/system-clock.ts'
import { issueCertificate } from '../../upstream/certificates.ts'
import { LIMITS } from '../test-limits.ts'
import { eventually } from '../wire.ts'

async function answerOverTls(): Promise<{ response: Http1Response; client: TLSSocket }> {
  const responses: Http1Response[] = []
  const connections = new Http1Connections({
    clock: systemClock,
    limits: LIMITS,
    spread: new Spread(systemClock),
    turnstile: new Turnstile(systemClock),
    onRequest: (_request, response) => void responses.push(response as Http1Response),
    onMalformed() {},
  })
  const server = createServer(issueCertificate(['localhost']), (socket) => connections.accept(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  client.on('error', () => {}).pause()
  onTestFinished(() => {
    client.destroy()
    connections.stop()
    server.close()
  })
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => responses.length === 1)
  const [response] = responses
  response!.writeHead(200, 'OK', [])
  return { response: response!, client }
}

it('a small part of an answer is no reason to wait for the client', async () => {
  const { response } = await answerOverTls()
  for (let part = 0; part < 10; part++) expect(response.write(Buffer.from('data: x\n\n'))).toBe(true)
})

it('a large one is, until the client has taken it', async () => {
  const { response, client } = await answerOverTls()
  let drained = 0
  response.on('drain', () => {
    drained++
  })
  // More than the system keeps for a client that does not read.
  expect(response.write(Buffer.alloc(16 * 1024 * 1024))).toBe(false)
  expect(drained).toBe(0)
  client.resume()
  await eventually(() => drained === 1)
})
