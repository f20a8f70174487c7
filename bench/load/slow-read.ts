// Reads one large answer slowly: what a gateway does not hold back, it keeps in memory.
import { connect, type Socket } from 'node:net'
import { readUsage } from '../machine/usage.ts'
import type { SlowReadOrder, SlowReadReport } from './orders.ts'
import { ResponseReader } from './response-reader.ts'

const TICK_MS = 20

export async function readSlowly(order: SlowReadOrder): Promise<SlowReadReport> {
  const before = readUsage(order.watch)
  const startedAt = performance.now()
  let maxRssBytes = before.rssBytes
  const watching = setInterval(() => {
    maxRssBytes = Math.max(maxRssBytes, readUsage(order.watch).rssBytes)
  }, TICK_MS)
  try {
    const bytes = await readBody(order)
    return { bytes, ms: performance.now() - startedAt, before, after: readUsage(order.watch), maxRssBytes }
  } finally {
    clearInterval(watching)
  }
}

function readBody({ port, request, bytesPerSecond }: SlowReadOrder): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request, 'latin1'))
  const pacing = pace(socket, (bytesPerSecond * TICK_MS) / 1000)
  const reader = new ResponseReader((status, bytes) =>
    status === 200 ? resolve(bytes) : reject(new Error(`the large answer was a ${status}`)),
  )
  socket.on('data', (chunk) => {
    pacing.took(chunk.length)
    reader.push(chunk, chunk.length)
  })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the connection ended before the answer')))
  return promise.finally(() => {
    pacing.stop()
    socket.destroy()
  })
}

/** Pauses the socket whenever it has had its share of the tick. */
function pace(socket: Socket, bytesPerTick: number) {
  let budget = bytesPerTick
  const ticking = setInterval(() => {
    budget = Math.min(bytesPerTick, budget + bytesPerTick)
    if (budget > 0) socket.resume()
  }, TICK_MS)
  return {
    took(bytes: number): void {
      budget -= bytes
      if (budget <= 0) socket.pause()
    },
    stop: () => clearInterval(ticking),
  }
}
