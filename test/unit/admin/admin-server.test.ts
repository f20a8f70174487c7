import { afterEach, describe, expect, it } from 'vitest'
import { type AdminServerOptions, createAdminServer } from '../../../src/admin/admin-server.ts'
import type { AdminSource, ReloadResult } from '../../../src/admin/admin-source.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { capturedLog } from './captured-log.ts'
import { type Call, call, exchangeBytes } from './raw-http.ts'

const TOKEN = '3f9c1a77e04b2d58a6'
const DELIBERATE = { 'x-turnpike-admin': '1' }

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** With more on each object than the API promises, as real objects have. */
function fakeSource(hash: () => string, reload: () => Promise<ReloadResult>): AdminSource {
  const target = { healthy: true, inFlight: 2, ewmaMs: 12.5, ejectedUntil: undefined, key: 'canary' }
  return {
    generation: () =>
      ({
        number: 3,
        hash: hash(),
        since: Date.UTC(2026, 0, 1),
        file: 'turnpike.yaml',
        secrets: 'canary',
      }) as never,
    routes: () => [
      {
        id: 'orders.read',
        service: 'orders',
        pattern: '/orders/*',
        hosts: ['api.example.com'],
        methods: ['GET'],
        headers: [{ name: 'x-version', value: '2' }],
        query: [],
        rewrite: { path: '/v2/*' },
        plugins: ['auth', 'rateLimit'],
        settings: { secret: 'canary' },
      } as never,
    ],
    services: () => [
      {
        name: 'orders',
        targets: [
          { ...target, url: 'http://user:canary@10.0.0.7:3000' },
          {
            ...target,
            url: 'unix:/run/a.sock',
            ewmaMs: undefined,
            healthy: false,
            ejectedUntil: Date.UTC(2026, 0, 2),
          },
        ],
        tls: { key: 'canary' },
      } as never,
    ],
    workers: () => [
      {
        slot: 1,
        pid: 4711,
        state: 'serving',
        generation: 3,
        startedAt: Date.UTC(2026, 0, 3),
        starts: 2,
        lastExit: 'SIGKILL',
        config: 'canary',
      } as never,
    ],
    reload,
  }
}

interface Change extends Partial<AdminServerOptions> {
  readonly reload?: () => Promise<ReloadResult>
}

async function start({ reload, ...change }: Change = {}) {
  const { logger, lines } = capturedLog()
  const clock = new FakeClock()
  let reloads = 0
  const hash = () => (reloads === 0 ? 'abc' : 'def')
  const source = fakeSource(hash, () => {
    reloads++
    return reload?.() ?? Promise.resolve({ outcome: 'applied', generation: 4, hash: 'def' })
  })
  const server = createAdminServer({ address: '127.0.0.1:0', source, clock, logger, env: {}, ...change })
  const { port } = await server.listen()
  closers.push(() => server.close())
  const ask = (path: string, options: Omit<Call, 'port' | 'path'> = {}) => call({ port, path, ...options })
  const post = (headers: Record<string, string> = DELIBERATE) =>
    ask('/api/reload', { method: 'POST', headers })
  return { port, clock, lines, ask, post, reloads: () => reloads }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('what the admin API shows', () => {
  it('is the serving generation', async () => {
    const { ask } = await start()
    expect(JSON.parse((await ask('/api/generation')).body)).toEqual({
      number: 3,
      hash: 'abc',
      since: '2026-01-01T00:00:00.000Z',
      file: 'turnpike.yaml',
    })
  })

  it('is the routes with their plugins', async () => {
    const { ask } = await start()
    expect(JSON.parse((await ask('/api/routes')).body)).toEqual({
      routes: [
        {
          id: 'orders.read',
          service: 'orders',
          pattern: '/orders/*',
          hosts: ['api.example.com'],
          methods: ['GET'],
          headers: [{ name: 'x-version', value: '2' }],
          query: [],
          rewrite: { path: '/v2/*' },
          plugins: ['auth', 'rateLimit'],
        },
      ],
    })
  })

  it('is the services with the state of their targets', async () => {
    const { ask } = await start()
    expect(JSON.parse((await ask('/api/services?x=1')).body)).toEqual({
      services: [
        {
          name: 'orders',
          targets: [
            { url: 'http://10.0.0.7:3000', healthy: true, inFlight: 2, ewmaMs: 12.5, ejectedUntil: null },
            {
              url: 'unix:/run/a.sock',
              healthy: false,
              inFlight: 2,
              ewmaMs: null,
              ejectedUntil: '2026-01-02T00:00:00.000Z',
            },
          ],
        },
      ],
    })
  })

  it('shows the worker processes', async () => {
    const { ask } = await start()
    expect(JSON.parse((await ask('/api/workers')).body)).toEqual({
      workers: [
        {
          slot: 1,
          pid: 4711,
          state: 'serving',
          generation: 3,
          startedAt: '2026-01-03T00:00:00.000Z',
          starts: 2,
          lastExit: 'SIGKILL',
        },
      ],
    })
  })

  it('holds no secret, even when the objects behind it do', async () => {
    const { ask } = await start()
    for (const path of ['/api/generation', '/api/routes', '/api/services', '/api/workers']) {
      expect((await ask(path)).body).not.toContain('canary')
    }
  })

  it('is JSON that nobody caches, frames or sniffs', async () => {
    const { ask } = await start()
    const { headers } = await ask('/api/generation')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    for (const name of ['server', 'x-powered-by', 'access-control-allow-origin']) {
      expect(headers).not.toHaveProperty(name)
    }
  })

  it('answers HEAD like GET without the body', async () => {
    const { ask } = await start()
    const head = await ask('/api/generation', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(Number(head.headers['content-length'])).toBe((await ask('/api/generation')).body.length)
  })

  it('is nothing else', async () => {
    const { ask } = await start()
    for (const path of ['/', '/api', '/api/config', '/api/generation/', '/metrics', '/__proto__']) {
      const reply = await ask(path)
      expect(reply.status).toBe(404)
      expect(reply.headers['content-type']).toBe('application/problem+json')
    }
  })
})

describe('a reload', () => {
  it('is done on POST, answered with the new generation, and logged for the audit', async () => {
    const { post, reloads, lines } = await start()
    const reply = await post()
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toEqual({ outcome: 'applied', generation: 4, hash: 'def' })
    expect(reloads()).toBe(1)
    expect(lines).toMatchObject([
      {
        level: 'info',
        facts: { audit: true, action: 'reload', by: '127.0.0.1', outcome: 'applied', from: 'abc', to: 'def' },
      },
    ])
  })

  it('of an invalid configuration answers 422 with every fault', async () => {
    const faults = [
      {
        origin: 'turnpike.yaml:3:5',
        message: 'unknown key "rout"',
        hint: 'did you mean "route"?',
        value: 'canary',
      },
      { origin: 'turnpike.yaml:9:1', message: 'no service named "b"' },
    ]
    const { post } = await start({ reload: async () => ({ outcome: 'refused', faults }) })
    const reply = await post()
    expect(reply.status).toBe(422)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(reply.body)).toEqual({
      type: 'about:blank',
      title: 'The configuration is not valid; the old one serves on',
      status: 422,
      faults: [
        { origin: 'turnpike.yaml:3:5', message: 'unknown key "rout"', hint: 'did you mean "route"?' },
        { origin: 'turnpike.yaml:9:1', message: 'no service named "b"' },
      ],
    })
  })

  it('that fails is a 500 without a reason, and a log line', async () => {
    const { post, ask, lines } = await start({ reload: () => Promise.reject(new Error('canary')) })
    expect(await post()).toMatchObject({ status: 500, body: '' })
    expect(lines).toMatchObject([{ level: 'error', facts: { listener: 'admin' } }])
    expect((await ask('/api/generation')).status).toBe(200)
  })

  it('is asked for each time: whoever asks while one runs may have changed a file since it began', async () => {
    const done: ((result: ReloadResult) => void)[] = []
    const { post, ask, reloads } = await start({ reload: () => new Promise((resolve) => done.push(resolve)) })
    const two = [post(), post()]
    await expect.poll(() => done.length).toBe(2)
    expect((await ask('/api/generation')).status).toBe(200)
    for (const end of done) end({ outcome: 'unchanged', generation: 3, hash: 'abc' })
    expect((await Promise.all(two)).map(({ status }) => status)).toEqual([200, 200])
    expect(reloads()).toBe(2)
  })

  it('never happens on GET, whatever the request claims to be', async () => {
    const { ask, reloads } = await start()
    const override = { ...DELIBERATE, 'x-http-method-override': 'POST', 'x-internal-request': '1' }
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await ask('/api/reload?_method=POST', { method, headers: override })
      expect(reply.status).toBe(405)
      expect(reply.headers.allow).toBe('POST')
    }
    expect((await ask('/api/generation', { method: 'POST', headers: DELIBERATE })).headers.allow).toBe(
      'GET, HEAD',
    )
    expect(reloads()).toBe(0)
  })

  it('takes no body', async () => {
    const { post, reloads } = await start()
    for (const header of [{ 'content-length': '10000000' }, { 'transfer-encoding': 'chunked' }]) {
      const reply = await post({ ...DELIBERATE, ...(header as Record<string, string>) })
      expect(reply.status).toBe(413)
      expect(reply.headers.connection).toBe('close')
    }
    expect((await post({ ...DELIBERATE, 'content-length': '0' })).status).toBe(200)
    expect(reloads()).toBe(1)
  })
})

describe('a web page of somebody else', () => {
  it('cannot make a browser reload', async () => {
    const { post, reloads, port } = await start()
    const refused = [
      {},
      { ...DELIBERATE, origin: 'https://evil.example' },
      { ...DELIBERATE, origin: 'null' },
      { ...DELIBERATE, origin: `http://127.0.0.1:${port + 1}` },
      { ...DELIBERATE, 'sec-fetch-site': 'cross-site' },
      { ...DELIBERATE, 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of refused) expect((await post(headers)).status, JSON.stringify(headers)).toBe(403)
    expect(reloads()).toBe(0)
    const own = { ...DELIBERATE, origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }
    expect((await post(own)).status).toBe(200)
  })

  it('cannot read anything through a name that it points here', async () => {
    const { ask, port } = await start()
    const asked = async (host: string) => (await ask('/api/generation', { headers: { host } })).status
    for (const host of [
      'evil.example',
      'evil.example:9090',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'a:b:c',
      '[x]',
      '127.0.0.1:x',
    ]) {
      expect(await asked(host), host).toBe(403)
    }
    for (const head of ['HTTP/1.0\r\n\r\n', 'HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n']) {
      expect(await exchangeBytes(port, `GET /api/generation ${head}`)).toMatch(/^HTTP\/1\.1 403/)
    }
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9090', '[::1]:9090', '10.0.0.1']) {
      expect(await asked(host), host).toBe(200)
    }
  })
})

describe('the token', () => {
  it.each([':0', '0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'example.com:0'])(
    'is needed to listen on %s',
    async (address) => {
      await expect(start({ address })).rejects.toThrow(
        `the admin address ${address} can be reached from other machines: set TURNPIKE_ADMIN_TOKEN`,
      )
      await expect(start({ address, env: { TURNPIKE_ADMIN_TOKEN: 'changeme' } })).rejects.toThrow(
        'TURNPIKE_ADMIN_TOKEN',
      )
    },
  )

  it('is asked for on every request, on loopback too once it is set', async () => {
    const { ask, post, reloads } = await start({ env: { TURNPIKE_ADMIN_TOKEN: TOKEN } })
    const missing = await ask('/api/generation')
    expect(missing).toMatchObject({ status: 401, body: '' })
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="turnpike admin"')
    for (const headers of [bearer('wrong'), { authorization: `Basic ${TOKEN}` }, { authorization: TOKEN }]) {
      expect((await ask('/api/routes', { headers })).status).toBe(401)
    }
    expect((await ask('/nothing-here')).status).toBe(401)
    expect((await post()).status).toBe(401)
    expect((await ask('/api/generation', { headers: bearer(TOKEN) })).status).toBe(200)
    expect((await ask('/api/generation', { headers: { authorization: `bearer ${TOKEN}` } })).status).toBe(200)
    expect((await post({ ...DELIBERATE, ...bearer(TOKEN) })).status).toBe(200)
    expect((await post(bearer(TOKEN))).status).toBe(403)
    expect(reloads()).toBe(1)
  })

  it('lets the API listen for others', async () => {
    const { ask } = await start({ address: ':0', env: { TURNPIKE_ADMIN_TOKEN: TOKEN } })
    expect((await ask('/api/generation', { headers: bearer(TOKEN) })).status).toBe(200)
  })

  it('cannot be guessed quickly', async () => {
    const { ask, clock } = await start({ env: { TURNPIKE_ADMIN_TOKEN: TOKEN } })
    const status = async (token: string) => (await ask('/api/generation', { headers: bearer(token) })).status
    for (let guess = 0; guess < 10; guess++) expect(await status(`guess-${guess}`)).toBe(401)
    const limited = await ask('/api/generation', { headers: bearer(TOKEN) })
    expect(limited).toMatchObject({ status: 429, body: '' })
    expect(limited.headers['retry-after']).toBe('60')
    await clock.advance(60_001)
    expect(await status(TOKEN)).toBe(200)
  })
})
