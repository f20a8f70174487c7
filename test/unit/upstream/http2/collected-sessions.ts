// A process of its own, with `--expose-gc`: sessions die together with streams whose heads were refused midway.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createHttpProbe } from '../../../../src/upstream/http-probe.ts'
import { createPool } from '../../../../src/upstream/pool.ts'
import {
  FLAG,
  FrameReader,
  headers,
  PREFACE,
  settings,
  settingsAck,
  TYPE,
} from '../../../support/http2-frames.ts'

const AT_ONCE = 50
const ROUNDS = 20
const HEAD = [':status', '200', 'x-long', 'v'.repeat(100), 'connection', 'close']

const server = createServer((socket) => {
  socket.setNoDelay()
  socket.on('error', () => {})
  socket.write(settings())
  const reader = new FrameReader()
  let preface = PREFACE.length
  socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(preface, chunk.length)
    preface -= skipped
    for (const { type, flags, stream } of reader.push(chunk.subarray(skipped))) {
      if (type === TYPE.settings && flags === 0) socket.write(settingsAck())
      if (type === TYPE.headers) socket.write(headers(stream, HEAD, FLAG.endHeaders | FLAG.endStream))
    }
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `h2c://127.0.0.1:${(server.address() as AddressInfo).port}`
const PROBE = { path: '/', everyMs: 10_000, timeoutMs: 10_000, healthy: 1, unhealthy: 1 }
const LIMITS = { max: 1, queue: 1, headLimitBytes: 32_768 }
const connections = { ...LIMITS, connectTimeoutMs: 10_000, idleTimeoutMs: 10_000 }

async function failOnce(): Promise<void> {
  const pool = createPool({ url, connections })
  await createHttpProbe({ pool }, PROBE)().catch(() => {})
  await pool.destroy()
}

for (let round = 0; round < ROUNDS; round++) {
  await Promise.all(Array.from({ length: AT_ONCE }, failOnce))
  await setImmediate()
  globalThis.gc!({ type: 'minor', execution: 'sync' })
  if (round % 3 === 0) globalThis.gc!()
}
process.stdout.write('alive')
process.exit(0)
