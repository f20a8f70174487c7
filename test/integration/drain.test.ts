// The end of a gateway under load: readiness first, no request lost, exit 0.
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startLoad } from '../support/load.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { respondJson, startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: ProcessGateway

const config = (drain: string) => `
accessLog: false
drain: ${drain}
services:
  api:
    targets: [${target.url}]
    routes: { all: /* }
`

beforeEach(async () => {
  target = await startTarget()
})

afterEach(async () => {
  gateway.child.kill('SIGKILL')
  await target.close()
})

describe('SIGTERM', () => {
  it('under load loses no request: every client is told to leave and may come back elsewhere', async () => {
    gateway = await startProcessGateway(config('{ delay: 1500ms, timeout: 10s }'))
    const second = await startProcessGateway(config('{ delay: 0s, timeout: 10s }'))
    // A client that is told to leave goes to the other one, from then on all do.
    let ready = gateway.listen
    const load = startLoad(() => `${ready}/x`, {
      clients: 8,
      inspect({ headers }) {
        if (headers['connection'] === 'close') ready = second.listen
      },
    })
    await expect.poll(() => load.answered()).toBeGreaterThan(100)
    const exit = gateway.stop()
    await expect.poll(() => ready).toBe(second.listen)
    const moved = load.answered()
    expect(await exit).toBe(0)
    await expect.poll(() => load.answered()).toBeGreaterThan(moved + 100)
    const { failures, byStatus } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    expect(await second.stop()).toBe(0)
  })

  it('is told to balancers first, while every connection is still taken', async () => {
    gateway = await startProcessGateway(config('{ delay: 60s, timeout: 10s }'))
    const exit = gateway.stop()
    await expect.poll(async () => (await send(`${gateway.status}/readyz`)).status).toBe(503)
    expect(await send(`${gateway.listen}/x`)).toMatchObject({ status: 200, headers: { connection: 'close' } })
    gateway.child.kill('SIGKILL')
    await exit
  })

  it('waits for the request in flight and then exits with 0', async () => {
    const held = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    target.answer = async (_request, response) => {
      reached.resolve()
      await held.promise
      respondJson(response, 200, { late: true })
    }
    gateway = await startProcessGateway(config('{ delay: 0s, timeout: 10s }'))
    const late = send(`${gateway.listen}/slow`)
    await reached.promise
    const exit = gateway.stop()
    await expect.poll(() => accepts(gateway.listen)).toBe(false)
    held.resolve()
    expect(await late).toMatchObject({ status: 200, body: '{"late":true}' })
    expect(await exit).toBe(0)
  })

  it('goes on when a reload is asked for in the middle of it', async () => {
    const held = Promise.withResolvers<void>()
    target.answer = async (_request, response) => {
      await held.promise
      respondJson(response, 200, { late: true })
    }
    gateway = await startProcessGateway(config('{ delay: 0s, timeout: 10s }'))
    const late = send(`${gateway.listen}/slow`)
    await expect.poll(() => target.seen.length).toBe(1)
    const exit = gateway.stop()
    await expect.poll(() => accepts(gateway.listen)).toBe(false)
    gateway.child.kill('SIGHUP')
    held.resolve()
    expect(await late).toMatchObject({ status: 200, body: '{"late":true}' })
    expect(await exit).toBe(0)
  })

  it('ends a process whose log nobody reads', async () => {
    gateway = await startProcessGateway(
      config('{ delay: 0s, timeout: 10s }').replace('accessLog: false', 'accessLog: true'),
    )
    gateway.child.stderr!.pause()
    // More than a megabyte of lines: no buffer between two processes takes that.
    for (let round = 0; round < 50; round++) {
      await Promise.all(Array.from({ length: 20 }, () => send(`${gateway.listen}/${'p'.repeat(1000)}`)))
    }
    expect(await gateway.stop()).toBe(0)
  })

  it('twice means now', async () => {
    target.answer = () => {}
    gateway = await startProcessGateway(config('{ delay: 0s, timeout: 60s }'))
    send(`${gateway.listen}/never`).catch(() => {})
    await expect.poll(() => target.seen.length).toBe(1)
    const exit = gateway.stop()
    await expect.poll(async () => gateway.stderr()).toContain('draining')
    // Signals right after the first are the same one, passed on by npm and a shell.
    const askAgain = () => {
      gateway.child.kill('SIGTERM')
      return gateway.child.exitCode
    }
    await expect.poll(askAgain).toBe(1)
    expect(await exit).toBe(1)
  })
})

/** Whether a new connection is taken; without a request, which might be held. */
function accepts(url: string): Promise<boolean> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
