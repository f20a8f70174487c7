// The generators against a real server: what they count and what they do not.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { runClosedLoop } from '../../../../bench/load/closed-loop.ts'
import { holdConnections, releaseConnections } from '../../../../bench/load/held-connections.ts'
import { runOpenLoop } from '../../../../bench/load/open-loop.ts'
import type { ClosedLoopOrder, LoadTarget } from '../../../../bench/load/orders.ts'
import { requestHead } from '../../../../bench/load/request-bytes.ts'
import { readSlowly } from '../../../../bench/load/slow-read.ts'

const BODY = 'hello'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function target(port: number, changes: Partial<LoadTarget> = {}): LoadTarget {
  return {
    port,
    connections: 4,
    requests: [requestHead()],
    expectedStatus: 200,
    expectedBodyBytes: BODY.length,
    ...changes,
  }
}

function closed(port: number, changes: Partial<LoadTarget> = {}): ClosedLoopOrder {
  return {
    kind: 'closed-loop',
    target: target(port, changes),
    warmUpMs: 20,
    slices: 2,
    // Long enough for an answer, should the machine be busy with others.
    sliceMs: 250,
    watch: { self: [process.pid] },
    core: 0,
  }
}

describe('the closed loop', () => {
  it('counts right answers by slice, with what the watched processes used', async () => {
    const port = await serve((_, response) => response.end(BODY))
    const report = await runClosedLoop(closed(port))
    expect(report.failures.count).toBe(0)
    expect(report.slices).toHaveLength(2)
    for (const slice of report.slices) {
      expect(slice.answered).toBeGreaterThan(0)
      expect(slice.cpuMs).toHaveProperty('self')
    }
    expect(report.rssBytes['self']).toBeGreaterThan(1e6)
  })

  it('sends the given requests in turn', async () => {
    const seen = new Set<string>()
    const port = await serve((request, response) => {
      seen.add(request.url ?? '')
      response.end(BODY)
    })
    await runClosedLoop(closed(port, { requests: ['/a', '/b', '/c'].map((path) => requestHead({ path })) }))
    expect([...seen].sort()).toEqual(['/a', '/b', '/c'])
  })

  it('counts answers of another status or length as failures, not as answers', async () => {
    const port = await serve((_, response) => response.writeHead(503, { 'Content-Length': 5 }).end(BODY))
    const refused = await runClosedLoop(closed(port))
    expect(refused.slices.every(({ answered }) => answered === 0)).toBe(true)
    expect(refused.failures.count).toBeGreaterThan(0)
    expect(refused.failures.examples[0]).toBe('answered 503 with 5 bytes')
    const short = await runClosedLoop(closed(port, { expectedStatus: 503, expectedBodyBytes: 6 }))
    expect(short.failures.examples[0]).toBe('answered 503 with 5 bytes')
  })

  it('tells connections that break', async () => {
    const port = await serve((request) => request.socket.destroy())
    const report = await runClosedLoop(closed(port))
    expect(report.failures.count).toBe(4)
  })
})

describe('the open loop', () => {
  const order = { kind: 'open-loop', perSecond: 500, warmUpMs: 20, measureMs: 200 } as const

  it('sends as many requests as the schedule has, and leaves out the warm-up', async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests++
      response.end(BODY)
    })
    const report = await runOpenLoop({ ...order, target: target(port) })
    expect(requests).toBe(110)
    expect(report.latency.count).toBe(100)
    expect(report.failures).toEqual({ count: 0, examples: [] })
  })

  it('counts a stall in every request that should have left during it', async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests++
      // One connection and one slow answer: all that is due meanwhile waits in the generator.
      if (requests === 20) setTimeout(() => response.end(BODY), 100)
      else response.end(BODY)
    })
    const report = await runOpenLoop({ ...order, target: target(port, { connections: 1 }) })
    // 100 ms at 500/s: fifty requests were due. Counted from when it was sent, only one would be slow.
    expect(report.latency.p90Ms).toBeGreaterThan(50)
    expect(report.failures.count).toBe(0)
  })
})

describe('held connections', () => {
  it('are each used once, stay open, and are counted when they are let go', async () => {
    let requests = 0
    const port = await serve((_, response) => {
      requests++
      response.end(BODY)
    })
    const held = await holdConnections({ kind: 'hold', target: target(port, { connections: 100 }) })
    expect(held).toEqual({ opened: 100, failures: { count: 0, examples: [] } })
    expect(requests).toBe(100)
    expect(releaseConnections()).toEqual({ stillOpen: 100 })
    expect(releaseConnections()).toEqual({ stillOpen: 0 })
  })
})

describe('the slow reader', () => {
  it('reads to the end, no faster than told', async () => {
    const bytes = 20_000_000
    const port = await serve((_, response) => response.end(Buffer.alloc(bytes)))
    const report = await readSlowly({
      kind: 'slow-read',
      port,
      request: requestHead(),
      bytesPerSecond: 100_000_000,
      watch: [process.pid],
    })
    expect(report.bytes).toBe(bytes)
    // What the kernel's buffers hold comes at once; the rest cannot take less than its time.
    expect(report.ms).toBeGreaterThan(80)
    expect(report.maxRssBytes).toBeGreaterThanOrEqual(report.before.rssBytes)
  })
})
