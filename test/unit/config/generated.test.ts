// What is generated from the schemas is what lies in the repository.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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
