// A config in TypeScript or JavaScript: evaluated to plain data, then read like any other.
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../../src/config/load.ts'
import { load, loaded, testPlugins, writeFiles } from './config-under-test.ts'

const CONFIG = `{ services: { a: { targets: ['http://a'], routes: { r: 'GET /x' } } } }`

describe('a module', () => {
  it.each(['turnpike.config.ts', 'turnpike.config.mts', 'turnpike.config.js', 'turnpike.config.mjs'])(
    '%s is evaluated',
    async (name) => {
      const { routes, services } = await loaded({
        [name]: `const config = ${CONFIG}\nexport default config\n`,
      })
      expect(routes[0]).toMatchObject({
        id: 'a.r',
        methods: ['GET'],
        path: '/x',
        origin: expect.stringMatching(/config\.m?[jt]s$/),
      })
      expect(services.get('a')?.origin).not.toMatch(/:\d/)
    },
  )

  it('may use types, other modules and undefined keys', async () => {
    const { routes } = await loaded({
      'turnpike.config.ts': `import { path } from './path.ts'
        interface Target { readonly url: string }
        const target: Target = { url: 'http://a' }
        export default { redis: undefined, services: { a: { targets: [target], routes: { r: path as string } } } }`,
      'path.ts': `export const path: string = '/from-elsewhere'`,
    })
    expect(routes[0]?.path).toBe('/from-elsewhere')
  })

  it('has its placeholders filled in, and its faults told by path', async () => {
    const result = await load(
      {
        'turnpike.config.ts': `export default { redis: '\${REDIS}', log: 'loud', services: { a: { targets: ['\${secret:URL}/x'],
          routes: { r: { match: '/x', retri: {} } } } } }`,
      },
      { env: { URL: 'http://hidden' } },
    )
    expect(
      result.render(false),
    ).toBe(`turnpike.config.ts  error  redis: the environment variable REDIS is not set
        set it, or write \${REDIS:-default}
turnpike.config.ts  error  log: "loud" is not debug, info, warn, error or silent
turnpike.config.ts  error  services.a.targets[0]: "***" is not a target
        a target has no path; "rewrite" changes paths
turnpike.config.ts  error  unknown key "retri" in services.a.routes.r
        did you mean "retry"?

4 errors — nothing was applied
`)
  })

  it.each([
    ['a function', 'x: () => 1', 'x: a function is not plain data'],
    ['an instance', 'x: new Date(0)', 'x: an instance of Date is not plain data'],
    ['a map', 'x: new Map()', 'x: an instance of Map is not plain data'],
    ['a symbol', 'x: Symbol("s")', 'x: Symbol(s) is not plain data'],
    ['a big integer', 'x: 10n', 'x: 10 is not plain data'],
    ['no number', 'x: NaN', 'x: NaN is not plain data'],
    ['undefined in a list', 'x: [undefined]', 'x[0]: undefined is not plain data'],
    [
      'a prototype',
      'x: JSON.parse(\'{"__proto__": 1}\')',
      'x.__proto__: "__proto__" may not be used as a key',
    ],
  ])('that holds %s is refused', async (_name, key, told) => {
    const { render } = await load({ 'c.mjs': `export default { ${key}, ...${CONFIG} }` })
    expect(render(false)).toContain(`c.mjs  error  ${told}\n`)
  })

  it('that holds itself, or is nested without end, is refused', async () => {
    const { render } = await load({ 'c.mjs': `const c = ${CONFIG}\nc.x = { y: [c] }\nexport default c` })
    expect(render(false)).toContain('c.mjs  error  x.y[0]: holds itself')
    const deep = await load({
      'c.mjs': `let x = 1\nfor (let i = 0; i < 99; i++) x = [x]\nexport default { x, ...${CONFIG} }`,
    })
    expect(deep.render(false)).toContain('nested deeper than 64 levels')
  })

  it.each([
    [
      'exports nothing',
      'export const x = 1',
      'c.mjs has no default export\n        write export default defineConfig',
    ],
    ['exports a function', 'export default () => 1', 'the config a function is not plain data'],
    ['exports a text', 'export default "x"', 'c.mjs holds "x"'],
    ['throws', 'throw new Error("no luck")', 'c.mjs cannot be loaded: no luck'],
    ['throws no error', 'throw "text"', 'c.mjs cannot be loaded: text'],
    ['imports what is not there', 'import "./none.mjs"', 'c.mjs cannot be loaded: '],
  ])('that %s is refused', async (_name, text, told) => {
    const { render } = await load({ 'c.mjs': text })
    expect(render(false)).toContain(told)
  })

  it('with the same mistake at two places is told both', async () => {
    const { faults } = await load({
      'c.mjs': `export default { services: { a: { targets: ['http://a'], routes: { r: 'x', s: 'x' } } } }`,
    })
    expect(faults.map(({ path }) => path.at(-1))).toEqual(['r', 's'])
  })

  it('that throws is told with its line', async () => {
    const { faults } = await load({ 'c.mjs': '\n\nthrow new Error("no luck")' })
    expect(faults[0]?.position?.line).toBe(3)
  })

  it('is loaded anew when its text has changed', async () => {
    const folder = writeFiles({ 'c.mjs': `export default ${CONFIG}` })
    const file = join(folder, 'c.mjs')
    const read = () => loadConfiguration(file, { plugins: testPlugins, env: {} })
    const first = await read()
    const { atime, mtime } = { atime: new Date(0), mtime: new Date(0) }
    writeFileSync(file, `export default ${CONFIG.replace('/x', '/y')}`)
    utimesSync(file, atime, mtime)
    const second = await read()
    expect([first, second].map(({ configuration }) => configuration?.routes[0]?.path)).toEqual(['/x', '/y'])
  })

  it('includes team files like any other', async () => {
    const { routes } = await loaded({
      'c.mjs': `export default { include: ['*.yaml'], ...${CONFIG} }`,
      'b.yaml': 'services:\n  b: { targets: [http://b], routes: { r: /b } }\n',
    })
    expect(routes.map(({ id, origin }) => [id, origin.split('/').at(-1)])).toEqual([
      ['a.r', 'c.mjs'],
      ['b.r', 'b.yaml:2'],
    ])
  })
})
