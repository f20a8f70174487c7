// A fault in one entry of a plugin's root keys, or in `use`, hides no other fault and brings none of its own.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { plugins } from '../../../plugins/index.ts'
import type { Plugin } from '../../../src/plugin.ts'
import { faultsOf, testPlugins } from './config-under-test.ts'

const ROUTES = `services:
  a:
    targets: [http://a]
    routes:
      known: { match: /k, auth: corp }
      unknown: { match: /u, auth: crop }
      silent: /s
`
const NO_SUCH = 'services.a.routes.unknown.auth: no auth provider named "crop"'
const SILENT = 'services.a.routes.silent needs "auth" (or, to leave it out: auth: none)'

const told = async (config: string, options?: Parameters<typeof faultsOf>[1]) =>
  (await faultsOf(config, options)).map((line) => line.replace(/^\S+ /, ''))

describe('a faulty provider', () => {
  it('hides neither an unknown name nor a route that says nothing', async () => {
    expect(await told(`auth: { corp: { type: jwtt } }\n${ROUTES}`)).toEqual([
      expect.stringContaining('auth.corp.type'),
      `${NO_SUCH} (defined: corp)`,
      SILENT,
    ])
  })

  it('is known by name, as are those beside it', async () => {
    const config = `auth: { other: { type: jwt }, corp: { type: jwt, typo: 1 } }\n${ROUTES}`
    expect(await told(config)).toEqual([
      expect.stringContaining('unknown key "typo" in auth.corp'),
      `${NO_SUCH} (defined: other, corp)`,
      SILENT,
    ])
  })

  it('of the built-in plugin is treated alike', async () => {
    const config = `auth: { corp: { type: jwt, issuer: "https://id.example.com" } }\n${ROUTES}`
    expect(await told(config, { plugins })).toEqual([
      'auth.corp needs "audience"',
      `${NO_SUCH} (defined: corp)`,
      SILENT,
    ])
  })

  it('without any map of providers says nothing about routes', async () => {
    expect(await told(`auth: [corp]\n${ROUTES}`)).toEqual([expect.stringContaining('auth: a list is not')])
  })
})

describe('a faulty entry that breaks the plugin', () => {
  const root = z.object({ topics: z.record(z.string(), z.strictObject({ name: z.string() })).optional() })
  const audit: Plugin<string, z.output<typeof root>> = {
    name: 'audit',
    stage: 'request',
    summary: '',
    off: 'none',
    settings: z.string(),
    root,
    required: ({ topics = {} }) => Object.values(topics).some(({ name }) => name.startsWith('must')),
    check: (settings, { root: { topics = {} } }) =>
      topics[settings]?.name.includes('x') ? [{ path: [], message: 'has an x' }] : [],
    create: () => ({}),
  }
  const all = [...testPlugins, audit] as readonly Plugin[]
  const config = (topics: string) =>
    `topics: ${topics}\nservices:\n  a: { targets: [http://a], routes: { r: { match: /r, audit: one } } }\n`

  it('is told alone', async () => {
    expect(await told(config('{ one: { nam: x } }'), { plugins: all })).toEqual([
      'topics.one needs "name"',
      expect.stringContaining('unknown key "nam" in topics.one'),
    ])
    expect(await told(config('{ one: { name: x } }'), { plugins: all })).toEqual([
      'services.a.routes.r.audit: has an x',
    ])
  })
})

describe('a plugin that cannot be loaded', () => {
  const uses = `defaults: { audit: {} }
services:
  a: { targets: [http://a], audit: {}, routes: { r: { match: /x, audit: {} } } }
`
  it.each([
    ['audit: ./none.ts', 'use.audit: '],
    ['audit: 1', 'use.audit: 1 is not a plugin'],
  ])('with %s is told once, and not at every use', async (entry, message) => {
    expect(await told(`use: { ${entry} }\n${uses}`)).toEqual([expect.stringContaining(message)])
  })

  it('excuses no key at the root', async () => {
    expect(await told(`use: { audit: 1 }\naudit: {}\n${uses}`)).toEqual([
      expect.stringContaining('use.audit'),
      expect.stringContaining('unknown key "audit"'),
    ])
  })
})
