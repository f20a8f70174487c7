// Listeners for raw connections and services with tcp:// targets: what they mean, and every mistake at its place.
import { describe, expect, it } from 'vitest'
import { faultsOf, loaded } from './config-under-test.ts'

const LISTENER = 'listeners: { db: { address: ":1", protocol: tcp, service: db } }'
const SERVICE = 'services: { db: { targets: ["tcp://db:5432"] } }'

const withService = (keys: string) =>
  `${LISTENER}\nservices:\n  db:\n    targets: ["tcp://db:5432"]\n${keys.replace(/^/gm, '    ')}\n`
const withListener = (keys: string) => `listeners: { db: { address: ":1", ${keys} } }\n${SERVICE}\n`

describe('a tcp listener', () => {
  it('leads to one service, with limits that are filled in', async () => {
    const { listeners } = await loaded(`${LISTENER}\n${SERVICE}`)
    expect(listeners).toEqual([
      {
        name: 'db',
        protocol: 'tcp',
        address: ':1',
        proxyProtocol: false,
        services: new Map([['*', 'db']]),
        allow: undefined,
        deny: undefined,
        limits: { max: 10_000, perAddress: 1000 },
        timeouts: { helloMs: 0, idleMs: 3_600_000, halfOpenMs: 60_000, lifetimeMs: 86_400_000 },
      },
    ])
  })

  it('takes limits of its own', async () => {
    const keys =
      'protocol: tcp, service: db, allow: [10.0.0.0/8], deny: [10.1.0.0/16], connections: { max: 5 }, timeouts: { idle: 5m }'
    const { listeners } = await loaded(withListener(keys))
    expect(listeners[0]).toMatchObject({
      allow: ['10.0.0.0/8'],
      deny: ['10.1.0.0/16'],
      limits: { max: 5, perAddress: 1000 },
      timeouts: { idleMs: 300_000, halfOpenMs: 60_000 },
    })
  })
})

describe('a tlsPassthrough listener', () => {
  it('leads by name, each in one spelling', async () => {
    const hosts = 'hosts: { DB.Example.com: db, "*.apps.example.com": db, "*": db }'
    const { listeners } = await loaded(withListener(`protocol: tlsPassthrough, ${hosts}`))
    expect(listeners[0]).toMatchObject({
      services: new Map([
        ['db.example.com', 'db'],
        ['*.apps.example.com', 'db'],
        ['*', 'db'],
      ]),
      timeouts: { helloMs: 10_000 },
    })
  })
})

describe('a mistake in a listener', () => {
  it.each([
    ['protocol: tcp', 'listeners.db needs "service"'],
    ['protocol: tlsPassthrough', 'listeners.db needs "hosts"'],
    ['protocol: tlsPassthrough, hosts: {}', 'listeners.db.hosts: names no host'],
    ['protocol: tcp, service: bd', 'listeners.db.service: no service named "bd" (did you mean "db"?)'],
    ['protocol: tlsPassthrough, hosts: { a.test: bd }', 'no service named "bd"'],
    ['protocol: tlsPassthrough, hosts: { 10.0.0.1: db }', '"10.0.0.1" is not a host'],
    ['protocol: tlsPassthrough, hosts: { "a:1": db }', '"a:1" is not a host'],
    ['protocol: tcp, service: db, allow: [x]', '"x" is not a network'],
    ['protocol: tcp, service: db, timeouts: { hello: 1s }', 'unknown key "hello"'],
    ['protocol: tcp, service: db, timeouts: { idle: 0s }', 'no time at all'],
    ['protocol: tcp, service: db, tls: {}', 'unknown key "tls"'],
  ])('is told: %s', async (keys, message) => {
    const faults = await faultsOf(withListener(keys))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(message)
  })

  it.each(['targets: ["http://db"]', 'routes: { r: { match: /x, redirect: { to: /y } } }'])(
    'is to lead to a service with %s',
    async (keys) => {
      expect(await faultsOf(`${LISTENER}\nservices: { db: { ${keys} } }`)).toEqual([
        expect.stringContaining(
          'listeners.db.service: the targets of "db" are not tcp:// (write tcp://host:port targets)',
        ),
      ])
    },
  )
})

describe('tcp:// targets', () => {
  it.each([
    ['tcp://db:5432', 'tcp://db:5432'],
    ['TCP://DB:080', 'tcp://db:80'],
    ['tcp://[2001:DB8::1]:5432', 'tcp://[2001:db8::1]:5432'],
  ])('%s is %s', async (written, url) => {
    const { services } = await loaded(`${LISTENER}\nservices: { db: { targets: ["${written}"] } }`)
    expect(services.get('db')!.targets).toEqual([{ url, weight: 1 }])
  })

  it.each([
    ['tcp://db', 'write the port: tcp://host:port'],
    ['tcp://db:5432/x', 'a target has no path'],
    ['tcp://169.254.169.254:80', 'link-local and cloud metadata addresses are refused'],
    ['tcp://2852039166:80', 'write 169.254.169.254'],
    ['tcp://127.0.0.1:9090', "gateway's own admin address"],
  ])('%s is refused', async (written, message) => {
    const faults = await faultsOf(`${LISTENER}\nservices: { db: { targets: ["${written}"] } }`)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(message)
  })

  it('stand alone', async () => {
    expect(await faultsOf(`${LISTENER}\nservices: { db: { targets: ["tcp://a:1", "http://b"] } }`)).toEqual([
      expect.stringContaining('tcp:// targets stand beside others (make two services of them)'),
    ])
  })
})

describe('a service with tcp:// targets', () => {
  it('is checked by connecting, and may name its clients', async () => {
    const { services } = await loaded(withService('health: { every: 5s }\nproxyProtocol: v2'))
    expect(services.get('db')).toMatchObject({ health: { path: '', everyMs: 5000 }, proxyProtocol: 'v2' })
  })

  it.each([
    ['host: a.test', 'services.db.host'],
    ['timeout: 5s', 'services.db.timeout'],
    ['protocol: http1', 'services.db.protocol'],
    ['health: { path: /x }', 'services.db.health.path'],
    ['connections: { queue: 5 }', 'services.db.connections.queue'],
  ])('has no use for %s', async (keys, place) => {
    expect(await faultsOf(withService(keys))).toEqual([
      expect.stringContaining(`${place}: has no effect with tcp:// targets`),
    ])
  })

  it('keeps a client on one side by its address alone', async () => {
    const canary = 'canary: { percent: 5, targets: ["tcp://c:1"], stickyBy: consumer }'
    expect(await faultsOf(withService(canary))).toEqual([
      expect.stringContaining(
        'services.db.canary.stickyBy: a connection is known by its address alone (write ip)',
      ),
    ])
  })

  it('takes no requests, wherever their routes stand', async () => {
    expect(await faultsOf(withService('routes: { all: /* }'))).toEqual([
      expect.stringContaining(
        'services.db.routes.all: "db" has tcp:// targets, which no request can be sent to',
      ),
    ])
    const elsewhere =
      'services:\n  a:\n    targets: [http://a]\n    routes: { r: { match: /x, service: db } }\n'
    expect(await faultsOf(`${elsewhere}  db: { targets: ["tcp://db:1"] }`)).toEqual([
      expect.stringContaining('services.a.routes.r: "db" has tcp:// targets'),
    ])
  })
})

describe('a service with HTTP targets', () => {
  it('names no clients at the start of a connection that many of them share', async () => {
    const config = 'services: { a: { targets: [http://a], proxyProtocol: v1, routes: { r: /x } } }'
    expect(await faultsOf(config)).toEqual([
      expect.stringContaining(
        'services.a.proxyProtocol: needs tcp:// targets: one connection to an HTTP target',
      ),
    ])
  })

  it('is checked by a path', async () => {
    const config = 'services: { a: { targets: [http://a], health: {}, routes: { r: /x } } }'
    expect(await faultsOf(config)).toEqual([expect.stringContaining('services.a.health needs "path"')])
  })
})
