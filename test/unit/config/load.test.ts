// What a valid config means: defaults filled in, units read, levels merged.
import { describe, expect, it } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { makeCertificate } from '../upstream/certificates.ts'
import { load, loaded, testPlugins, withRoute } from './config-under-test.ts'

describe('the smallest useful config', () => {
  it('needs five lines', async () => {
    const { configuration } = await loadConfiguration('examples/five-lines.yaml', { plugins, env: {} })
    expect(configuration?.routes).toEqual([
      {
        id: 'orders.orders',
        name: 'orders',
        service: 'orders',
        hosts: [],
        path: '/orders/*',
        methods: [],
        headers: [],
        query: [],
        rewrite: undefined,
        redirect: undefined,
        respond: undefined,
        encodedSlashes: 'refuse',
        plugins: [],
        origin: 'examples/five-lines.yaml:5',
      },
    ])
  })

  it('gets every default', async () => {
    const configuration = await loaded(withRoute('match: /x'))
    expect(configuration).toMatchObject({
      listen: ':8080',
      status: ':9091',
      admin: '127.0.0.1:9090',
      workers: 1,
      redis: undefined,
      trustProxy: [],
      logLevel: 'info',
      accessLog: true,
      tracing: { sample: 1 },
      drain: { delayMs: 5000, timeoutMs: 25_000 },
    })
    expect(configuration.services.get('a')).toEqual({
      name: 'a',
      targets: [{ url: 'http://a', weight: 1 }],
      balance: 'p2c',
      protocol: 'auto',
      canary: undefined,
      health: undefined,
      ejection: {
        failures: 5,
        successRate: 0.8,
        windowMs: 30_000,
        minimum: 5,
        baseMs: 5000,
        maxMs: 300_000,
      },
      connections: {
        max: 128,
        connectTimeoutMs: 1000,
        idleTimeoutMs: 4000,
        headLimitBytes: 32_768,
        queue: 1024,
      },
      tls: undefined,
      origin: expect.stringMatching(/turnpike\.yaml:2$/),
    })
  })
})

describe('the fifteen-line task', () => {
  it('is fifteen lines, and says all of it', async () => {
    const { configuration, render } = await loadConfiguration('examples/fifteen-lines.yaml', {
      plugins,
      env: {},
    })
    expect(render(false)).toBe('')
    const service = configuration?.services.get('orders')
    expect(service?.targets.map(({ url }) => url)).toEqual(['http://orders-1:8080', 'http://orders-2:8080'])
    expect(service?.canary).toEqual({
      percent: 0.05,
      targets: [{ url: 'http://orders-next:8080', weight: 1 }],
      stickyBy: undefined,
    })
    const route = configuration?.routes[0]
    expect(route).toMatchObject({ id: 'orders.orders', hosts: ['api.example.com'], path: '/orders/*' })
    expect(route?.plugins.map(({ plugin, scope }) => [plugin.name, scope])).toEqual([
      ['auth', 'orders.orders'],
      ['rateLimit', 'orders.orders'],
      ['circuitBreaker', 'orders'],
      ['retry', 'orders'],
    ])
    const origins = route?.plugins.map(({ layers }) => layers.map(({ origin }) => origin))
    expect(origins).toEqual([14, 15, 10, 9].map((line) => [`examples/fifteen-lines.yaml:${line}`]))
  })
})

describe('values', () => {
  it('of the root are read with their units', async () => {
    const configuration = await loaded(`
listen: 127.0.0.1:8000
status: "[::1]:9000"
admin: :0
workers: auto
redis: rediss://cache:6380
trustProxy: [10.0.0.0/8, fd00::/8, 192.0.2.1]
log: warn
accessLog: false
tracing: { sample: 1% }
drain: { delay: 0s, timeout: 1m }
${withRoute('match: /x')}`)
    expect(configuration).toMatchObject({
      listen: '127.0.0.1:8000',
      status: '[::1]:9000',
      workers: 'auto',
      redis: 'rediss://cache:6380',
      trustProxy: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      logLevel: 'warn',
      accessLog: false,
      tracing: { sample: 0.01 },
      drain: { delayMs: 0, timeoutMs: 60_000 },
    })
  })

  it('of a service are read with their units', async () => {
    const { cert, key, certFile } = makeCertificate(['a'])
    const configuration = await loaded({
      'conf/turnpike.yaml': `
services:
  a:
    host: [API.example.com, "*.Example.com"]
    targets: [https://A:8443, { url: http://b, weight: 2.5 }, unix:/run/c.sock]
    balance: roundRobin
    canary: { percent: 2.5%, targets: [http://c:80], stickyBy: header:x-user }
    health: { path: /healthz, every: 3s, status: 204 }
    ejection: false
    connections: { max: 8 }
    tls: { ca: ./ca.pem, cert: ${certFile}, key: ../key.pem, serverName: a.internal }
    routes: { r: /x }
`,
      'conf/ca.pem': cert,
      'key.pem': key,
    })
    const { origin, ...service } = configuration.services.get('a')!
    expect(service).toEqual({
      name: 'a',
      targets: [
        { url: 'https://a:8443', weight: 1 },
        { url: 'http://b', weight: 2.5 },
        { url: 'unix:/run/c.sock', weight: 1 },
      ],
      balance: 'roundRobin',
      protocol: 'auto',
      canary: { percent: 0.025, targets: [{ url: 'http://c', weight: 1 }], stickyBy: 'header:x-user' },
      health: { path: '/healthz', everyMs: 3000, timeoutMs: 2000, healthy: 2, unhealthy: 3, status: [204] },
      ejection: false,
      connections: {
        max: 8,
        connectTimeoutMs: 1000,
        idleTimeoutMs: 4000,
        headLimitBytes: 32_768,
        queue: 1024,
      },
      tls: {
        ca: Buffer.from(cert),
        cert: Buffer.from(cert),
        key: Buffer.from(key),
        serverName: 'a.internal',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    })
    expect(configuration.routes[0]?.hosts).toEqual(['api.example.com', '*.example.com'])
  })

  it('of a route are read in the short and the long form', async () => {
    const { routes } = await loaded(`
services:
  a:
    host: "*.example.com"
    targets: [http://a]
    routes:
      short: GET|POST /orders/:id
      long:
        match:
          path: /orders/*
          methods: [GET, GET]
          host: www.example.com
          headers: { X-Env: beta }
          query: { v: "2" }
        rewrite: /v2/*
      host: { match: /h, rewrite: { host: inner.example.com } }
      elsewhere: { match: /b, service: b }
      moved: { match: /old/*, redirect: { to: https://example.com/new/*, status: 301 } }
      said: { match: /say, respond: { status: 200, body: hello, headers: { content-type: text/plain } } }
  b: { targets: [http://b] }
`)
    const [short, long, host, elsewhere, moved, said] = routes
    expect(short).toMatchObject({ path: '/orders/:id', methods: ['GET', 'POST'], hosts: ['*.example.com'] })
    expect(long).toMatchObject({
      path: '/orders/*',
      methods: ['GET'],
      hosts: ['www.example.com'],
      headers: [{ name: 'x-env', value: 'beta' }],
      query: [{ name: 'v', value: '2' }],
      rewrite: { path: '/v2/*' },
    })
    expect(host?.rewrite).toEqual({ host: 'inner.example.com' })
    expect(elsewhere).toMatchObject({ id: 'a.elsewhere', service: 'b' })
    expect(moved?.redirect).toEqual({ to: 'https://example.com/new/*', status: 301 })
    expect(said?.respond).toEqual({ status: 200, body: 'hello', headers: { 'content-type': 'text/plain' } })
  })

  it('below x-* keys are ignored, wherever the keys are known', async () => {
    const configuration = await loaded(`
x-owner: { team: platform, env: "\${NOBODY_SETS_THIS}" }
defaults: { x-note: anything, retry: { attempts: 2, x-why: because } }
services:
  a:
    x-backstage: { owner: orders }
    targets: [{ url: http://a, x-zone: 1 }]
    health: { path: /h, x-note: 1 }
    routes: { r: { match: { path: /x, x-doc: 1 }, x-openapi: {} } }
`)
    expect(configuration.routes[0]?.plugins[0]?.settings).toEqual({ attempts: 2 })
    expect(configuration.services.get('a')?.targets).toEqual([{ url: 'http://a', weight: 1 }])
  })
})

describe('a service without targets', () => {
  it('is fine when all its routes answer by themselves or go elsewhere', async () => {
    const { services } = await loaded(`
services:
  edge:
    routes:
      old: { match: /old, redirect: { to: /new } }
      robots: { match: /robots.txt, respond: { status: 204 } }
      api: { match: /api/*, service: api }
  api: { targets: [http://api] }
`)
    expect(services.get('edge')?.targets).toEqual([])
  })
})

describe('the configuration', () => {
  it('tells where each key of the root and of a service was written', async () => {
    const { origins, file } = await loaded(
      'redis: ""\nservices:\n  a:\n    targets: [http://a]\n    routes: { r: /x }\n',
    )
    expect(Object.fromEntries(origins)).toEqual({
      redis: expect.stringContaining('turnpike.yaml:1'),
      services: expect.stringContaining('turnpike.yaml:2'),
      'services.a': expect.stringContaining('turnpike.yaml:3'),
      'services.a.targets': expect.stringContaining('turnpike.yaml:4'),
      'services.a.routes': expect.stringContaining('turnpike.yaml:5'),
    })
    expect(file).toMatch(/^\/.*turnpike\.yaml$/)
  })

  it('has the same hash from YAML, JSON and TypeScript, and in any order of keys', async () => {
    const json = '{"services":{"a":{"routes":{"r":"/x"},"targets":["http://a"]}},"redis":""}'
    const hashes = [
      await loaded(
        '# a comment\nredis: ""\nservices:\n  a:\n    targets:\n      - http://a\n    routes: { r: /x }\n',
      ),
      await loaded({ 'turnpike.json': json }),
      await loaded({ 'turnpike.config.mjs': `export default ${json}` }),
    ].map(({ hash }) => hash)
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(hashes).size).toBe(1)
  })

  it('has another hash when a value, a secret or a used plugin is another', async () => {
    const text = `redis: "\${secret:R}"\nuse: { audit: ./a.mjs }\n${withRoute('match: /x')}`
    const plugin = (summary: string) => `import { z } from '${import.meta.resolve('zod')}'
      export const audit = { name: 'audit', stage: 'edge', summary: '${summary}', settings: z.any(), create: () => ({}) }`
    const hash = async (secret: string, summary: string) =>
      (await loaded({ 'turnpike.yaml': text, 'a.mjs': plugin(summary) }, { env: { R: secret } })).hash
    const same = await hash('redis://one', 'one')
    expect(await hash('redis://one', 'one')).toBe(same)
    expect(await hash('redis://two', 'one')).not.toBe(same)
    expect(await hash('redis://one', 'two')).not.toBe(same)
  })

  it('is handed to the checks from outside, whose faults print at their config path', async () => {
    const result = await load(withRoute('match: /x'), {
      checks: [
        ({ routes }) => [
          { path: ['services', 'a', 'routes', routes[0]!.name], message: 'is shadowed', atKey: true },
        ],
      ],
    })
    expect(result.configuration).toBeUndefined()
    expect(result.render(false)).toContain(
      'turnpike.yaml:5:7  error  services.a.routes.r: is shadowed\n    5 |       r:\n      |       ^\n',
    )
  })

  it('is checked from outside even when there are other faults, so that all are told at once', async () => {
    const seen: string[] = []
    const result = await load(`log: loud\n${withRoute('match: /x')}`, {
      checks: [
        ({ routes }) => {
          seen.push(...routes.map(({ id }) => id))
          return [{ path: ['services', 'a'], message: 'another' }]
        },
      ],
    })
    expect(seen).toEqual(['a.r'])
    expect(result.faults).toHaveLength(2)
  })

  it('lists the plugins in the order of the chain', async () => {
    expect((await loaded(withRoute('match: /x'))).plugins).toEqual(testPlugins)
  })
})
