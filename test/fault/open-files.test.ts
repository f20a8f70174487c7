// A gateway that may open no more files: who is served goes on being served, and it recovers when some are free again.
import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

const FILES = 128
const IDLE = 300
const SOON = { timeout: 20_000 }

let target: TargetServer
let gateway: ProcessGateway
const idle: Socket[] = []

beforeAll(async () => {
  target = await startTarget()
  const config = `
limits: { connections: 1000 }
services:
  api: { targets: ["${target.url}"], connections: { idleTimeout: 60s }, routes: { all: /* } }
`
  gateway = await startProcessGateway(config, { openFiles: FILES })
})

afterAll(async () => {
  for (const socket of idle) socket.destroy()
  gateway.child.kill('SIGKILL')
  await target.close()
})

/** The status, or why there was none. */
const ask = (agent: Agent) =>
  new Promise<number | string>((resolve) => {
    const request = get(`${gateway.listen}/x`, { agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!))
    })
    request.on('error', (error) => resolve(error.message))
  })

it('says at its start that it may let in more than it can', async () => {
  const line = () =>
    gateway
      .stderr()
      .split('\n')
      .find((one) => one.includes('limits.connections') && one.endsWith('}'))
  await expect.poll(line, SOON).toBeDefined()
  expect(JSON.parse(line()!)).toMatchObject({ level: 'warn', connections: 1000, files: FILES })
})

it('serves on whom it has, turns the others away, and takes clients again when some have left', async () => {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  expect(await ask(kept)).toBe(200)
  let open = 0
  for (let at = 0; at < IDLE; at++) {
    const socket = connect(Number(new URL(gateway.listen).port), '127.0.0.1')
    socket.on('connect', () => open++)
    socket.on('error', () => {})
    idle.push(socket)
  }
  await expect.poll(() => open, SOON).toBeGreaterThan(FILES)
  const statuses = new Set<number | string>()
  for (let time = 0; time < 50; time++) statuses.add(await ask(kept))
  expect(statuses).toEqual(new Set([200]))
  for (const socket of idle) socket.destroy()
  await expect.poll(() => ask(new Agent()), SOON).toBe(200)
  expect(gateway.child.exitCode).toBeNull()
  expect(gateway.stderr()).not.toContain('the last net')
  kept.destroy()
}, 60_000)
