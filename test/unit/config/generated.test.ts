// What is generated from the schemas is what lies in the repository.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createPresets, fillDefaults, settableRows } from '../../../docs/generate/filled-defaults.ts'
import { generatePages, stalePages } from '../../../docs/generate/pages.ts'
import { plugins } from '../../../plugins/index.ts'

it('JSON Schema, config reference and plugin pages are up to date: npm run generate', () => {
  expect(stalePages(generatePages(plugins, '.'), '.')).toEqual([])
})

it('there is a page for each plugin, with its settings, its merge rule and its example', () => {
  const pages = generatePages(plugins, '.')
  expect([...pages.keys()].filter((path) => path.startsWith('plugins/'))).toHaveLength(plugins.length)
  const page = pages.get('plugins/rate-limit/README.md')
  expect(page).toContain('# rateLimit')
  expect(page).toContain('adds up, every level counts')
  expect(page).toMatch(/\| `onStoreError` \| `local`, `allow`, `refuse` +\| `local` +\|/)
  expect(page).toContain('`examples/rate-limit.yaml`')
  expect(pages.get('plugins/auth/README.md')).toContain('`auth: none`, and nothing else')
})

it('a page that is missing or another is stale', () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-pages-'))
  expect(stalePages(new Map([['a.md', 'text']]), folder)).toEqual(['a.md'])
  rmSync(folder, { recursive: true })
})

describe('a table that is filled in', () => {
  const fill = (row: string) =>
    fillDefaults(`| limit | default |\n| --- | --- |\n${row}\n`, createPresets(plugins, '.')).split('\n')[2]

  it.each([
    ['| `limits.headers` after `limits.bodyGrace` | 7 |', '`100`, `10s`'],
    ['| `bodyLimit` | 1MiB |', 'none'],
    ['| `connections.queue` |  |', '`1024`'],
    ['| `webSocket.message` |  |', '`16MiB`'],
    ['| `src/upstream/dial.ts MAX_ATTEMPTS` |  |', '`5`'],
    ['| `src/grpc.ts MAX_TIMEOUT_MS` |  |', '`1d`'],
    ['| `src/read-proxy-header.ts MAX_BLOCK_BYTES` |  |', '`4KiB`'],
    ['| one read | as it is |', 'as it is'],
  ])('has what the schemas and the constants say: %s', (row, expected) => {
    expect(fill(row)!.split('|')[2]!.trim()).toBe(expected)
  })

  it('may not name what there is not', () => {
    expect(() => fill('| `limits.gone` | 1 |')).toThrow('no key and no constant limits.gone')
    expect(() => fill('| `src/grpc.ts GONE` | 1 |')).toThrow('no constant GONE')
  })

  it('names every limit of clients, listeners and services in docs/security.md', () => {
    const rows = generatePages(plugins, '.')
      .get('docs/security.md')!
      .split('\n')
      .map((line) => line.split('|'))
    const isNamed = (key: string) => rows.some(([, names]) => names?.includes(`\`${key}\``))
    const limits = settableRows(plugins).filter(
      ({ key, type }) => /^(duration|size|whole number)$/.test(type) && LIMITED.test(key),
    )
    expect(limits.length).toBeGreaterThan(30)
    expect(limits.map(({ key }) => key).filter((key) => !isNamed(key))).toEqual([])
  })
})

const LIMITED = /^(limits|listeners|connections|bodyLimit|webSocket|timeout|concurrency|retry\.(?!backoff))\b/
