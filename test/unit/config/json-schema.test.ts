// The schema for editors: what it accepts, what it refuses, and that it stays small.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { plugins } from '../../../plugins/index.ts'
import { createJsonSchema, type JsonSchema } from '../../../src/config/json-schema.ts'
import { testPlugins } from './config-under-test.ts'

const MAX_BYTES = 100_000

const schema = createJsonSchema(plugins)
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])
const accepts = (text: string) => validator.safeParse(parse(text)).success

// Those with plugins of their own need a schema of their own: `turnpike schema FILE`.
const EXAMPLES = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.yaml') && !/audit:/.test(readFileSync(`examples/${file}`, 'utf8')),
)

describe('the schema', () => {
  it.each(EXAMPLES)('accepts examples/%s', (file) => {
    expect(accepts(readFileSync(`examples/${file}`, 'utf8'))).toBe(true)
  })

  it.each([
    ['an unknown key at the root', 'nope: 1'],
    ['an unknown key of a service', 'services: { a: { tragets: [] } }'],
    ['an unknown key of a route', 'services: { a: { routes: { r: { match: /x, retri: {} } } } }'],
    ['an unknown key of a plugin', 'defaults: { retry: { attemps: 2 } }'],
    ['a bare number for a duration', 'defaults: { timeout: 10 }'],
    ['a bad rate', 'defaults: { rateLimit: { limit: 100/minute } }'],
    ['an empty list of targets', 'services: { a: { targets: [] } }'],
    ['a route without a match', 'services: { a: { routes: { r: { timeout: 1s } } } }'],
    ['false where a word is asked for', 'defaults: { auth: false }'],
    ['a wrong word', 'services: { a: { balance: random } }'],
  ])('refuses %s', (_name, text) => {
    expect(accepts(text)).toBe(false)
  })

  it.each([
    ['x-* keys', 'x-a: 1\nservices: { a: { x-b: 1, targets: [http://a], health: { path: /h, x-c: 1 } } }'],
    ['a plugin switched off', 'defaults: { retry: false, auth: none }'],
    [
      'placeholders for texts, numbers, switches and words',
      `accessLog: "\${A}"
log: "\${L}"
defaults: { timeout: "\${T:-3s}", retry: { attempts: "\${N}" } }`,
    ],
  ])('accepts %s', (_name, text) => {
    expect(accepts(text)).toBe(true)
  })

  it('describes every key', () => {
    const nameless: string[] = []
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return
      const { properties } = node as JsonSchema
      for (const [key, child] of Object.entries((properties as Record<string, JsonSchema>) ?? {})) {
        if (!child['description'] && !child['$ref']) nameless.push(`${path}.${key}`)
      }
      for (const [key, child] of Object.entries(node)) visit(child, `${path}.${key}`)
    }
    visit(schema, '')
    expect(nameless).toEqual([])
  })

  it('stays small', () => {
    expect(JSON.stringify(schema).length).toBeLessThan(MAX_BYTES)
  })

  it('holds the plugins that it is given, and their root keys', () => {
    const small = createJsonSchema(testPlugins)
    expect(Object.keys(small['definitions'] as object)).toEqual([
      'service',
      'route',
      'plugin.auth',
      'plugin.rateLimit',
      'plugin.timeout',
      'plugin.retry',
    ])
    expect(Object.keys(small['properties'] as object)).toContain('auth')
  })
})
