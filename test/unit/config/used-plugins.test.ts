// `use`: plugins of the operator, from files, packages or the config module itself.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../../src/config/load.ts'
import { safeFacts } from '../../../src/telemetry/redact.ts'
import {
  type Files,
  faultsOf,
  load,
  loaded,
  testPlugins,
  withRoute,
  writeFiles,
} from './config-under-test.ts'

const ZOD = import.meta.resolve('zod')

interface Parts {
  readonly how?: string
  readonly stage?: string
  readonly extra?: string
}

const plugin = ({ how = 'export const audit =', stage = 'request', extra = '' }: Parts = {}) => `
import { z } from '${ZOD}'
${how} { name: 'whatever', stage: '${stage}', summary: 'Writes.', settings: z.strictObject({ topic: z.string() }),
  create: (settings) => ({ topic: settings.topic }), ${extra} }
`
const ROOT = `use: { audit: ./audit.mjs }\n${withRoute('match: /x\naudit: { topic: t }')}`
const withPlugin = (text: string, root = ROOT): Files => ({ 'turnpike.yaml': root, 'audit.mjs': text })

describe('a used plugin', () => {
  it.each(['export const audit =', 'export default', 'export const plugin ='])(
    'is taken from %s',
    async (how) => {
      const { routes } = await loaded(withPlugin(plugin({ how })))
      const [resolved] = routes[0]!.plugins
      expect(resolved?.plugin.name).toBe('audit')
      expect(resolved?.settings).toEqual({ topic: 't' })
      expect(resolved?.plugin.create({ topic: 't' }, undefined as never)).toEqual({ topic: 't' })
    },
  )

  it('may be TypeScript', async () => {
    const typed = plugin().replace('(settings)', '(settings: { topic: string })')
    const { routes } = await loaded({ 'turnpike.yaml': ROOT.replace('.mjs', '.ts'), 'audit.ts': typed })
    expect(routes[0]?.plugins[0]?.plugin.name).toBe('audit')
  })

  it('may be a package beside the config', async () => {
    const { routes, plugins } = await loaded({
      'turnpike.yaml': ROOT.replace('./audit.mjs', 'turnpike-audit'),
      'node_modules/turnpike-audit/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/turnpike-audit/index.js': plugin({ how: 'export default' }),
    })
    expect(routes[0]?.plugins[0]?.plugin.name).toBe('audit')
    expect(plugins.map(({ name }) => name)).toContain('audit')
  })

  it('may be given as it is by a config module', async () => {
    const { routes } = await loaded({
      'turnpike.config.mjs': `${plugin()}
export default { use: { audit }, services: { a: { targets: ['http://a'], routes: { r: { match: '/x', audit: { topic: 't' } } } } } }`,
    })
    expect(routes[0]?.plugins[0]?.plugin.name).toBe('audit')
  })

  it('comes after the built-in ones of its stage', async () => {
    const order = async (stage: string) =>
      (await loaded(withPlugin(plugin({ stage })))).plugins.map(({ name }) => name)
    expect(await order('edge')).toEqual(['audit', 'auth', 'rateLimit', 'timeout', 'retry'])
    expect(await order('identity')).toEqual(['auth', 'audit', 'rateLimit', 'timeout', 'retry'])
    expect(await order('request')).toEqual(['auth', 'rateLimit', 'audit', 'timeout', 'retry'])
    expect(await order('resilience')).toEqual(['auth', 'rateLimit', 'timeout', 'retry', 'audit'])
  })

  it('keeps all that the contract allows: layering, off, required, root, check', async () => {
    const extra = `layering: 'add', off: 'none', required: ({ topics }) => topics !== undefined,
      root: z.object({ topics: z.array(z.string()).optional() }),
      check: ({ topic }, { root }) => root.topics?.includes(topic) ? [] : [{ path: ['topic'], message: 'no such topic' }]`
    const told = await faultsOf(
      withPlugin(plugin({ extra }), `topics: [t]\ndefaults: { audit: { topic: u } }\n${ROOT}`),
    )
    expect(told).toEqual(['2:29 defaults.audit.topic: no such topic (in the route a.r)'])
    const silent = `topics: []\nuse: { audit: ./audit.mjs }\n${withRoute('match: /x')}`
    expect(await faultsOf(withPlugin(plugin({ extra }), silent))).toEqual([
      '7:7 services.a.routes.r needs "audit" (or, to leave it out: audit: none)',
    ])
  })

  it('is loaded anew when its file has changed', async () => {
    const folder = writeFiles(withPlugin(plugin({ extra: 'generation: 1' })))
    const read = async () => {
      const result = await loadConfiguration(join(folder, 'turnpike.yaml'), { plugins: testPlugins, env: {} })
      expect(result.files).toContain(join(folder, 'audit.mjs'))
      return result.configuration!
    }
    const first = await read()
    const again = await read()
    writeFileSync(join(folder, 'audit.mjs'), plugin({ extra: 'generation: 2' }))
    const second = await read()
    const generation = ({ plugins }: typeof first) =>
      (plugins.find(({ name }) => name === 'audit') as unknown as { generation: number }).generation
    expect([first, again, second].map(generation)).toEqual([1, 1, 2])
    expect(again.hash).toBe(first.hash)
    expect(second.hash).not.toBe(first.hash)
  })

  it('has its lines in stack traces that are logged', async () => {
    const text = plugin({ extra: 'fail() { throw new Error("found by its line") }' })
    const { plugins } = await loaded(withPlugin(text))
    const { fail } = plugins.find(({ name }) => name === 'audit') as unknown as { fail(): void }
    let thrown: unknown
    try {
      fail()
    } catch (error) {
      thrown = error
    }
    expect(JSON.stringify(safeFacts({ thrown }))).toMatch(/audit\.mjs#\w+:4:\d+/)
  })
})

describe('a used plugin is refused, and the config with it,', () => {
  it.each([
    [
      'when its file is missing',
      undefined,
      /^1:15 use\.audit: \.\/audit\.mjs does not exist \(looked for at .*audit\.mjs\)$/,
    ],
    [
      'when its file throws',
      'throw new Error("boom")',
      /^1:15 use\.audit: \.\/audit\.mjs cannot be loaded: boom \(look at \.\/audit\.mjs:1\)$/,
    ],
    ['when it does not parse', 'export const = 1', /^1:15 use\.audit: \.\/audit\.mjs cannot be loaded: /],
    [
      'when it exports nothing',
      'export const other = 1',
      /^1:15 use\.audit: \.\/audit\.mjs exports no plugin \(export const audit: Plugin = /,
    ],
    ['when it exports no object', 'export const audit = 1', /what it exports is not a plugin/],
    [
      'when its stage is none',
      plugin({ stage: 'polycy' }),
      /"polycy" is not a stage: did you mean "policy"\?/,
    ],
    ['when it creates nothing', plugin().replace('create:', 'make:'), /the plugin has no function "create"/],
    [
      'when it has no schema',
      plugin().replace('settings: z', 'schema: z'),
      /the plugin has no zod schema "settings"/,
    ],
  ])('%s', async (_name, text, told) => {
    const files = text === undefined ? { 'turnpike.yaml': ROOT } : withPlugin(text)
    const faults = await faultsOf(files)
    expect(faults[0]).toMatch(told)
    expect(faults.slice(1).every((fault) => fault.includes('unknown key "audit"'))).toBe(true)
  })

  it('when a file that it reads is missing', async () => {
    const text = `import { readFileSync } from 'node:fs'\nreadFileSync('/nowhere/x')`
    const [first] = await faultsOf(withPlugin(text))
    expect(first).toMatch(
      /^1:15 use\.audit: \.\/audit\.mjs cannot be loaded: ENOENT.*'\/nowhere\/x' \(look at .*:2\)$/,
    )
  })

  it('when its package is missing', async () => {
    const [first] = await faultsOf(ROOT.replace('./audit.mjs', 'turnpike-audit'))
    expect(first).toMatch(
      /^1:15 use\.audit: no package turnpike-audit is installed \(for a file: \.\/turnpike-audit\)$/,
    )
  })

  it.each([
    ['retry', '1:8 "retry" is the name of a key or plugin already (give it another name)'],
    ['targets', '1:8 "targets" is the name of a key or plugin already (give it another name)'],
    [
      'my-audit',
      '1:8 "my-audit" cannot be the name of a plugin (letters and digits, the first one small: audit, myPlugin)',
    ],
  ])('when it is called %s', async (name, told) => {
    expect(
      await faultsOf(withPlugin(plugin(), `use: { ${name}: ./audit.mjs }\n${withRoute('match: /x')}`)),
    ).toEqual([told])
  })

  it.each([
    ['a number', 'audit: 5', '1:15 use.audit: 5 is not a plugin (write the file or package that it is in)'],
    [
      'nothing',
      'audit: null',
      '1:15 use.audit: nothing is not a plugin (write the file or package that it is in)',
    ],
  ])('when it is %s', async (_name, use, told) => {
    expect(await faultsOf(`use: { ${use} }\n${withRoute('match: /x')}`)).toEqual([told])
  })
})

describe('a used plugin that fails later', () => {
  it.each([
    ['its check', `check() { throw new Error('boom') }`, /audit: the plugin could not check it: boom/],
    ['its schema', `settings: z.any().transform(async () => 1)`, /audit: the plugin could not read it: /],
    ['its rule', `required() { throw new Error('boom') }`, /the plugin audit failed: boom/],
  ])('in %s is a fault of the config, not of the gateway', async (_name, extra, told) => {
    const { configuration, render } = await load(withPlugin(plugin({ extra })))
    expect(configuration).toBeUndefined()
    expect(render(false)).toMatch(told)
  })
})
