// `turnpike explain`: wrong usage, and what it prints of long values and secrets.
import { describe, expect, it } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { explain } from '../../../src/cli/explain.ts'
import { routes } from '../../../src/cli/routes.ts'
import { withRoute, writeFiles } from '../config/config-under-test.ts'
import { runCommand } from './command-under-test.ts'

describe('explain exits 64', () => {
  it.each([
    ['a missing URL', ['GET'], {}, 'explain needs METHOD and URL'],
    ['a fourth word', ['GET', '/x', 'a', 'b'], {}, 'explain takes METHOD, URL and one FILE'],
    ['a method in lower case', ['get', '/x'], {}, '"get" is not a method: methods are upper case, like GET'],
    [
      'a field without a colon',
      ['GET', '/x'],
      { header: ['a: b', 'bad'] },
      `-H "bad" is not a header: write 'name: value'`,
    ],
    [
      'a field without a name',
      ['GET', '/x'],
      { header: [': b'] },
      `-H ": b" is not a header: write 'name: value'`,
    ],
  ])('for %s', async (_name, positionals, flags, fault) => {
    const cwd = writeFiles({ 'turnpike.yaml': withRoute('match: /x') })
    expect(await runCommand(explain, { cwd, positionals, flags })).toEqual({
      code: 64,
      stdout: '',
      stderr: `turnpike: ${fault}\nhow it is used: turnpike --help\n`,
    })
  })
})

const ORIGINS = Array.from({ length: 20 }, (_, at) => `https://site-number-${at}.example.com`)
const RICH = `services:
  a:
    targets: [http://a]
    routes:
      r:
        match: { path: /x, headers: { X-Version: "2" }, query: { debug: "1" } }
        rewrite: /y
        cors: { origins: [${ORIGINS.join(', ')}] }
        headers: { request: { set: { X-Key: "\${KEY}" } } }
      away: { match: /away, redirect: { to: /there, status: 301 } }
      said: { match: /said, respond: { status: 200, body: hello } }
`
const env = { KEY: 'k' }

describe('explain', () => {
  const ask = (flags: object) =>
    runCommand(explain, {
      cwd: writeFiles({ 'turnpike.yaml': RICH }),
      plugins,
      env,
      positionals: ['GET', '/x?debug=1'],
      flags: { header: ['X-Version: 2'], ...flags },
    })

  it('says that a path with an escaped slash is refused, but not where the route allows it', async () => {
    const cwd = writeFiles({
      'turnpike.yaml': `services:
  a:
    targets: [http://a]
    routes: { open: { match: /open/*, encodedSlashes: allow }, all: /* }
`,
    })
    const about = (path: string) => runCommand(explain, { cwd, plugins, env, positionals: ['GET', path] })
    expect(await about('/x%2Fy')).toMatchObject({
      code: 1,
      stderr: 'explain: The path has an escaped slash.: /x%2Fy\n',
    })
    expect(await about('/open/x%2Fy')).toMatchObject({ code: 0, stdout: expect.stringContaining('a.open') })
  })

  it('--json gives settings as JSON values, whole', async () => {
    const { route, chain } = JSON.parse((await ask({ json: true })).stdout)
    const cors = chain.find(({ plugin }: { plugin: string }) => plugin === 'cors')
    expect(cors.layers[0]).toMatchObject({ level: 'route', settings: { origins: ORIGINS } })
    expect(route).toMatchObject({
      id: 'a.r',
      headers: [{ name: 'x-version', value: '2' }],
      query: [{ name: 'debug', value: '1' }],
      rewrite: { path: '/y' },
    })
    expect(route.match).toBe('/x when header x-version=2, query debug=1')
  })

  it('prints a long value line by line and cuts nothing', async () => {
    const { stdout } = await ask({})
    expect(stdout).not.toContain('…')
    for (const [at, origin] of ORIGINS.entries())
      expect(stdout).toContain(`\n      origins[${at}]: "${origin}"\n`)
    expect(stdout).toMatch(/^a\.r .*\/x when header x-version=2, query debug=1/)
  })
})

describe('secrets', () => {
  it.each([
    ['a long one', 'a-very-secret-value'],
    ['a short one', 'k'],
    ['one with quotes', 'first "quoted" second'],
  ])('are in no form of the output: %s', async (_name, key) => {
    const config = `services:
  a:
    targets: [http://a]
    routes:
      r: { match: /x, headers: { request: { set: { X-Key: "\${file:key}" } } } }
`
    const cwd = writeFiles({ 'turnpike.yaml': config, key })
    for (const json of [true, false]) {
      const outcome = await runCommand(explain, { cwd, plugins, positionals: ['GET', '/x'], flags: { json } })
      expect(outcome.code).toBe(0)
      expect(outcome.stdout).toContain('"***"')
      expect(outcome.stdout).not.toContain(JSON.stringify(key).slice(0, -1))
    }
  })
})

describe('routes', () => {
  it('shows where raw connections go as well', async () => {
    const listener = 'address: ":1", protocol: tlsPassthrough, hosts: { a.test: db, "*": db }'
    const config = `listeners: { s: { ${listener} } }\nservices: { db: { targets: ["tcp://db:1"] } }`
    const cwd = writeFiles({ 'turnpike.yaml': config })
    const { stdout } = await runCommand(routes, { cwd })
    expect(stdout.split('\n\n')[1]).toBe(
      [
        'LISTENER  PROTOCOL        ADDRESS  NAME    SERVICE',
        's         tlsPassthrough  :1       a.test  db',
        's         tlsPassthrough  :1       *       db',
        '',
      ].join('\n'),
    )
  })

  const list = (json: boolean) =>
    runCommand(routes, { cwd: writeFiles({ 'turnpike.yaml': RICH }), plugins, env, flags: { json } })

  it('shows conditions on headers and query', async () => {
    expect((await list(false)).stdout).toMatch(/^a\.r .* \/x +header x-version=2, query debug=1 +a /m)
  })

  it('--json has everything that is matched, and what a route does by itself', async () => {
    const all = JSON.parse((await list(true)).stdout)
    const byId = Object.fromEntries(all.map((route: { id: string }) => [route.id, route]))
    expect(byId['a.r']).toMatchObject({
      headers: [{ name: 'x-version', value: '2' }],
      query: [{ name: 'debug', value: '1' }],
      rewrite: { path: '/y' },
    })
    expect(byId['a.away']).toMatchObject({ redirect: { to: '/there', status: 301 } })
    expect(byId['a.said']).toMatchObject({ respond: { status: 200, body: 'hello' } })
  })
})

it('tells the share of a canary as it was written', async () => {
  const cwd = writeFiles({
    'turnpike.yaml': withRoute('match: /x', '    canary: { percent: 7%, targets: [http://b] }\n'),
  })
  const { stdout } = await runCommand(explain, { cwd, positionals: ['GET', '/x'] })
  expect(stdout).toContain('93% http://a')
  expect(stdout).toContain('7% http://b')
  expect(stdout).not.toContain('7.0')
})
