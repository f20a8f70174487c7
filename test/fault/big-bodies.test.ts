// Bodies that would not fit into memory: every byte arrives, and the gateway holds next to none of them.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BytesCheck, writeBytes } from '../support/periodic-bytes.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'

const MB = 1024 * 1024
const BODY = 2048 * MB
const WARM_UP = 128 * MB
const MAX_GROWTH = 30 * MB
const PAUSES = 5
const TIMEOUT_MS = 600_000

let target: Server
let gateway: ProcessGateway
/** What the target got of the last upload. */
let uploaded: BytesCheck
/** On which the target sends the last download. */
let sender: Socket

beforeEach(async () => {
  target = createServer(async (incoming, response) => {
    const size = Number(incoming.url!.split('=')[1])
    if (incoming.method === 'GET') {
      sender = incoming.socket
      response.writeHead(200, { 'Content-Length': size })
      await writeBytes(response, size).catch(() => {})
      response.end()
      return
    }
    uploaded = await readAll(incoming)
    response.end(String(uploaded.count))
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const { port } = target.address() as AddressInfo
  gateway = await startProcessGateway(
    `accessLog: false\ndrain: { delay: 0s }\nservices: { api: { targets: ["http://127.0.0.1:${port}"], routes: { all: /* } } }\n`,
  )
})

afterEach(async () => {
  gateway.child.kill('SIGKILL')
  target.closeAllConnections()
  target.close()
})

async function readAll(incoming: IncomingMessage): Promise<BytesCheck> {
  const check = new BytesCheck()
  incoming.on('data', (chunk: Buffer) => check.take(chunk))
  await once(incoming, 'end')
  return check
}

async function download(size: number): Promise<BytesCheck> {
  const [response] = await once(request(`${gateway.listen}/x?size=${size}`).end(), 'response')
  return readAll(response)
}

async function upload(size: number): Promise<BytesCheck> {
  const outgoing = request(`${gateway.listen}/x?size=${size}`, {
    method: 'PUT',
    headers: { 'Content-Length': size },
  })
  const responding = once(outgoing, 'response')
  await writeBytes(outgoing, size)
  outgoing.end()
  const [response] = await responding
  response.resume()
  await once(response, 'end')
  return uploaded
}

const memory = (field: 'VmRSS' | 'VmHWM'): number => {
  const status = readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024
}

/** By how much the memory of the gateway was at most larger than before. */
async function growthDuring(run: () => Promise<void>): Promise<number> {
  const before = memory('VmRSS')
  // The peak starts anew (proc_pid_clear_refs(5)).
  writeFileSync(`/proc/${gateway.child.pid}/clear_refs`, '5')
  await run()
  return memory('VmHWM') - before
}

describe(`a body of ${BODY / MB} MB`, () => {
  it.each([
    ['upload', upload],
    ['download', download],
  ])(
    'arrives byte by byte as %s, while the gateway grows by no more than 30 MB',
    async (_name, transfer) => {
      await transfer(WARM_UP)
      const growth = await growthDuring(async () => {
        expect(await transfer(BODY)).toMatchObject({ count: BODY, wrongBefore: undefined })
      })
      expect(growth).toBeLessThanOrEqual(MAX_GROWTH)
    },
    TIMEOUT_MS,
  )
})

describe('a reader that pauses again and again', () => {
  it(
    'makes the target wait: the gateway grows by no more than 30 MB, and no byte is lost',
    async () => {
      await download(WARM_UP)
      const size = BODY / 2
      const growth = await growthDuring(async () => {
        const [response] = await once(request(`${gateway.listen}/x?size=${size}`).end(), 'response')
        const check = new BytesCheck()
        response.on('data', (chunk: Buffer) => check.take(chunk))
        for (let pauses = 1; pauses <= PAUSES; pauses++) {
          await expect.poll(() => check.count, { interval: 5 }).toBeGreaterThan((pauses * size) / 20)
          response.pause()
          await targetWaits()
          response.resume()
        }
        await once(response, 'end')
        expect(check).toMatchObject({ count: size, wrongBefore: undefined })
      })
      expect(growth).toBeLessThanOrEqual(MAX_GROWTH)
    },
    TIMEOUT_MS,
  )
})

/** Resolves when the target could write nothing for a while. */
async function targetWaits(): Promise<void> {
  let before = -1
  const hasStopped = () => {
    const stopped = before === sender.bytesWritten
    before = sender.bytesWritten
    return stopped
  }
  await expect.poll(hasStopped, { interval: 100 }).toBe(true)
}
