// What the README and the guides promise: links that lead somewhere, commands that exist, configs that are valid.
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT, text, turnpikeCheck } from '../support/repository-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-readme-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const GUIDES = globSync('docs/*.md', { cwd: ROOT })
const PAGES = ['README.md', 'CONTRIBUTING.md', ...GUIDES]

describe('the documentation', () => {
  it('links only to files that exist', () => {
    for (const page of PAGES) {
      const links = [...text(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!)
      for (const link of links.filter((target) => !/^[a-z]+:/.test(target)))
        expect(existsSync(join(ROOT, dirname(page), link)), `${page} links to ${link}`).toBe(true)
    }
  })

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(text('package.json'))
    for (const page of PAGES)
      for (const [, name] of text(page).matchAll(/\bnpm run (?:-s )?([a-z]+)/g))
        expect(scripts, `${page} says npm run ${name}`).toHaveProperty(name!)
  })
})

describe('a guide', () => {
  const tests = globSync('test/**/*.test.ts', { cwd: ROOT })

  it.each(GUIDES)('%s names only tests that there are, each by a name of its own', (page) => {
    for (const [, name] of text(page).matchAll(/`((?:[\w-]+\/)*[\w-]+\.test\.ts)`/g))
      expect(
        tests.filter((file) => `/${file}`.endsWith(`/${name}`)),
        `${page} names ${name}`,
      ).toHaveLength(1)
  })

  it('says of every part of docs/protocols.md how it is tested', () => {
    const [, ...parts] = text('docs/protocols.md').split(/^## /m)
    expect(parts.length).toBeGreaterThan(10)
    const untested = parts.filter((part) => !/[Tt]ested by/.test(part)).map((part) => part.split('\n')[0])
    expect(untested).toEqual([])
  })
})

describe('the README', () => {
  it('fits on a few screens', () => {
    expect(text('README.md').split('\n').length).toBeLessThanOrEqual(200)
  })

  it('shows configs of five and fifteen lines that turnpike check accepts', () => {
    const configs = [...text('README.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, config]) => config!)
    expect(configs.map((config) => config.trimEnd().split('\n').length)).toEqual([5, 15])
    for (const [at, config] of configs.entries()) {
      const file = join(folder, `${at}.yaml`)
      writeFileSync(file, config)
      const { status, output } = turnpikeCheck(file)
      expect(status, output).toBe(0)
    }
  })

  it('shows a plugin that loads and that a route can switch on', () => {
    const plugin = /```ts\n([\s\S]*?)```/.exec(text('README.md'))![1]!
    // What npm install would have put beside the config.
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(ROOT, join(folder, 'node_modules/turnpike'))
    symlinkSync(join(ROOT, 'node_modules/zod'), join(folder, 'node_modules/zod'))
    writeFileSync(join(folder, 'office-hours.ts'), plugin)
    const file = join(folder, 'with-plugin.yaml')
    writeFileSync(file, WITH_PLUGIN)
    const { status, output } = turnpikeCheck(file)
    expect(status, output).toBe(0)
  })

  it('shows the message that turnpike check prints for a broken config', () => {
    const shown = /```\n\$ turnpike check broken\.yaml\n([\s\S]*?)```/.exec(text('README.md'))![1]!
    const file = join(folder, 'broken.yaml')
    writeFileSync(file, BROKEN)
    const { status, output } = turnpikeCheck(file)
    expect(status).toBe(1)
    expect(output.replaceAll(file, 'broken.yaml').trimEnd()).toBe(shown.trimEnd())
  })
})

const BROKEN = `services:
  orders:
    targets: [http://localhost:3001]
    # in seconds?
    timeout: 10
    routes:
      list:
        ratelimit: { limit: 100/min }
        match: /orders/*
`

const WITH_PLUGIN = `use: { officeHours: ./office-hours.ts }
services:
  orders:
    targets: [http://localhost:3001]
    routes:
      orders: { match: /orders/*, officeHours: { from: 8, to: 18 } }
`
