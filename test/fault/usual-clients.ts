// Clients that ask for what slow ones ask for, and are not slow: a gateway in service has seen its like before.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const UPLOAD_BYTES = 1_000_000
const FIELDS = 'Host: gw.test\r\nConnection: close\r\n'
/** Of each kind: downloads of 100 MB a second in all. */
const PER_SECOND = 10

const REQUESTS = [
  `GET /small HTTP/1.1\r\n${FIELDS}\r\n`,
  `POST /upload HTTP/1.1\r\n${FIELDS}Content-Length: ${UPLOAD_BYTES}\r\n\r\n${'a'.repeat(UPLOAD_BYTES)}`,
  `GET /big HTTP/1.1\r\n${FIELDS}\r\n`,
]

/** New connections with a request each, until so many seconds are over and the last one is answered. */
export async function askAsUsual(port: number, seconds: number): Promise<void> {
  const from = performance.now()
  const answered: Promise<unknown>[] = []
  for (let second = 0; second < seconds; second += 1 / PER_SECOND) {
    for (const request of REQUESTS) answered.push(ask(port, request))
    await sleep(Math.max(0, from + second * 1000 - performance.now()))
  }
  await Promise.all(answered)
}

async function ask(port: number, request: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request, 'latin1')
  let length = 0
  socket.on('data', (chunk) => {
    if (length === 0 && !chunk.toString('latin1', 0, 12).endsWith(' 200'))
      socket.destroy(new Error(`got ${chunk}`))
    length += chunk.length
  })
  await once(socket, 'close')
}
