// Change while traffic flows: nothing fails, nothing is mixed, and a bad config changes nothing.
import { once } from 'node:events'
import { existsSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { startLoad } from '../support/load.ts'
import { startProcessGateway } from '../support/process-gateway.ts'
import { respondJson, startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

let target: TargetServer
let gateway: TestGateway | undefined

/** Every part of a version says which one it is: the header to the service, the header back, the path. */
const version = (number: number) => `
accessLog: false
services:
  api:
    targets: [${target.url}]
    routes:
      all:
        match: /*
        rewrite: /v${number}/*
        headers: { request: { set: { X-Version: "${number}" } }, response: { set: { X-Version: "${number}" } } }
`

beforeEach(async () => {
  target = await startTarget((request, response) => {
    respondJson(response, 200, { path: request.url, version: request.headers['x-version'] })
  })
})

afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
  await target.close()
})

describe('200 reloads under load', () => {
  it('lose no request and serve none by a mixture of two configs', async () => {
    const running = await startTestGateway(version(0))
    gateway = running
    const load = startLoad(`${running.url}/x`, {
      clients: 8,
      inspect(response) {
        const { path, version: seen } = response.json()
        const back = response.headers['x-version']
        if (path !== `/v${seen}/x` || back !== seen) throw new Error(`mixed: ${path} ${seen} ${back}`)
      },
    })
    for (let number = 1; number <= 200; number++) {
      expect(await running.reload(version(number))).toMatchObject({ result: 'applied' })
    }
    const { failures, byStatus, answered } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
    expect(answered).toBeGreaterThan(200)
    // The service's settings never changed: its connections were carried through all generations.
    expect(target.connections()).toBeLessThanOrEqual(16)
  }, 120_000)
})

describe('a reload', () => {
  it('with an invalid config changes nothing and says what is wrong', async () => {
    gateway = await startTestGateway(version(1))
    const outcome = await gateway.reload(version(2).replace('match: /*', 'mach: /*'))
    expect(outcome.result).toBe('refused')
    expect(outcome.message).toMatch(/turnpike\.yaml:\d+:\d+ .*mach[\s\S]*did you mean "match"/)
    expect((await gateway.get('/x')).headers['x-version']).toBe('1')
    expect(await gateway.metrics()).toContain('gateway_config_last_reload_successful 0')
    expect(await gateway.reload(version(3))).toMatchObject({ result: 'applied' })
    expect(await gateway.metrics()).toContain('gateway_config_last_reload_successful 1')
  })

  it('that a plugin refuses says which route, which plugin and where', async () => {
    gateway = await startTestGateway(version(1))
    const missing = `auth: { corp: { type: jwt, issuer: https://id.test, audience: api, publicKeyFile: ./gone.pem } }
${version(2)}        auth: corp
`
    const outcome = await gateway.reload(missing)
    expect(outcome.result).toBe('refused')
    expect(outcome.message).toMatch(/turnpike\.yaml:12: api\.all: auth: auth\.corp\.publicKeyFile: ENOENT/)
    expect((await gateway.get('/x')).headers['x-version']).toBe('1')
  })

  it('names the keys that need a restart, for as long as they differ from what is running', async () => {
    const running = await startTestGateway(version(1))
    gateway = running
    const lines = (text: string) => running.log.filter(({ msg }) => msg === text)
    await running.reload(`${version(2)}\nlog: debug\ntracing: { sample: 50% }\n`)
    await running.reload(`${version(3)}\nlog: debug\n`)
    await running.reload(version(4))
    await expect.poll(() => lines('config reloaded')).toHaveLength(3)
    expect(lines('these keys need a restart to change').map(({ keys }) => keys)).toEqual([
      ['log', 'tracing'],
      ['log'],
    ])
  })

  it('to the same content is no reload', async () => {
    gateway = await startTestGateway(version(1))
    expect(await gateway.reload(`${version(1)}\n# a comment\n`)).toMatchObject({ result: 'unchanged' })
  })

  it('leaves a request in flight on the config that it started with', async () => {
    const held = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    target.answer = async (request, response) => {
      reached.resolve()
      await held.promise
      respondJson(response, 200, { version: request.headers['x-version'] })
    }
    gateway = await startTestGateway(version(1))
    const before = gateway.get('/x')
    await reached.promise
    await gateway.reload(version(2))
    held.resolve()
    expect((await before).headers['x-version']).toBe('1')
    expect((await gateway.get('/x')).headers['x-version']).toBe('2')
  })

  it('keeps the state of a breaker whose settings did not change', async () => {
    const broken = (extra: string) => `
accessLog: false
services:
  api:
    targets: [${target.url}]
    ejection: false
    circuitBreaker: { errors: 50%, window: 10s, minimum: 3, open: 30s }
    routes:
      all: { match: /*${extra} }
`
    target.answer = (_request, response) => respondJson(response, 500, {})
    gateway = await startTestGateway(broken(''))
    for (let time = 0; time < 3; time++) await gateway.get('/x')
    expect((await gateway.get('/x')).json()).toMatchObject({ code: 'CIRCUIT_OPEN' })
    await gateway.reload(broken(', headers: { response: { set: { X-New: "1" } } }'))
    const after = await gateway.get('/x')
    expect(after.json()).toMatchObject({ code: 'CIRCUIT_OPEN' })
    expect(after.headers['x-new']).toBe('1')
  })
})

describe('the certificates of a service', () => {
  it('are taken up when they are renewed, though no word of the config has changed', async () => {
    const first = issueCertificate(['127.0.0.1'])
    const secure = createServer(first, (_request, response) => response.end('secure')).listen(0, '127.0.0.1')
    onTestFinished(() => void secure.close())
    await once(secure, 'listening')
    const { port } = secure.address() as AddressInfo
    const config = `services: { api: { targets: ["https://127.0.0.1:${port}"], tls: { ca: ca.pem }, routes: { all: /* } } }`
    const running = await startTestGateway(config, { files: { 'ca.pem': first.cert } })
    gateway = running
    expect((await running.get('/x')).status).toBe(200)
    const next = issueCertificate(['127.0.0.1'])
    secure.setSecureContext(next)
    secure.closeAllConnections()
    await expect.poll(async () => (await running.get('/x')).status).toBe(502)
    writeFileSync(join(dirname(running.file), 'ca.pem'), next.cert)
    expect((await running.gateway.reload()).result).toBe('applied')
    expect((await running.get('/x')).status).toBe(200)
  })
})

describe('a running gateway', () => {
  it('takes a changed file without being told, also when a ConfigMap swaps its symlink', async () => {
    const mount = mkdtempSync(join(tmpdir(), 'turnpike-configmap-'))
    const write = (number: number) => {
      // As the kubelet does: a new folder of data, and `..data` swapped to it by one rename.
      const data = mkdtempSync(join(mount, '..version-'))
      writeFileSync(join(data, 'turnpike.yaml'), version(number))
      symlinkSync(data, join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    write(1)
    symlinkSync(join('..data', 'turnpike.yaml'), join(mount, 'turnpike.yaml'))
    expect(existsSync(join(mount, 'turnpike.yaml'))).toBe(true)
    const started = await startProcessGateway('', { file: join(mount, 'turnpike.yaml') })
    const seen = async () => (await send(`${started.listen}/x`)).headers['x-version']
    expect(await seen()).toBe('1')
    write(2)
    await expect.poll(seen).toBe('2')
    write(3)
    await expect.poll(seen).toBe('3')
    expect(await started.stop()).toBe(0)
  })

  it('reloads on SIGHUP', async () => {
    const started = await startProcessGateway(version(1), { flags: ['--no-watch'] })
    writeFileSync(started.file, version(2))
    started.child.kill('SIGHUP')
    await expect.poll(async () => (await send(`${started.listen}/x`)).headers['x-version']).toBe('2')
    expect(await started.stop()).toBe(0)
  })
})
