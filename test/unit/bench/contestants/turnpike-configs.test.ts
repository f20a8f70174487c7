// The configs of the benchmark are valid, and its requests reach the routes that they are meant for.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { signedTokens } from '../../../../bench/contestants/tokens.ts'
import {
  bareConfig,
  EXACT_LIMIT,
  FULL_LIMIT,
  fullConfig,
  hostName,
  manyRoutesConfig,
  ROUTES_PER_HOST,
  requestPath,
} from '../../../../bench/contestants/turnpike-configs.ts'
import { plugins } from '../../../../plugins/index.ts'
import { configurationChecks } from '../../../../src/checks.ts'
import { loadConfiguration } from '../../../../src/config/load.ts'
import { HeaderList } from '../../../../src/headers.ts'
import { createRouteTable } from '../../../../src/routing/route-table.ts'

const site = { backendPort: 9 }
const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function load(text: string, files: Readonly<Record<string, string>> = {}) {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const file = join(folder, 'turnpike.yaml')
  writeFileSync(file, text)
  const result = await loadConfiguration(file, { plugins, env: {}, checks: configurationChecks })
  expect(result.render(false)).toBe('')
  return result.configuration!
}

describe('the config', () => {
  it('of bare has one route and no plugin', async () => {
    const { routes } = await load(bareConfig(site))
    expect(routes.map(({ plugins: on }) => on)).toEqual([[]])
  })

  it.each([FULL_LIMIT, EXACT_LIMIT])('of full with the limit %s has the whole chain', async (limit) => {
    const { issuer, audience, jwks } = signedTokens()
    const text = fullConfig(site, { limit, redisUrl: 'redis://127.0.0.1:1', issuer, audience })
    const { routes, tracing, redis } = await load(text, { 'jwks.json': jwks })
    const names = routes[0]!.plugins.map(({ plugin }) => plugin.name)
    expect(names.sort()).toEqual([
      'auth',
      'circuitBreaker',
      'concurrency',
      'headers',
      'rateLimit',
      'retry',
      'timeout',
    ])
    expect(tracing.sample).toBe(0.01)
    expect(redis).toBe('redis://127.0.0.1:1')
  })

  it('of many routes has that many, and each is reached by its request', async () => {
    const count = 250 + 1
    const { routes } = await load(manyRoutesConfig(site, { routes: 250, revision: 1 }))
    expect(routes.length).toBeGreaterThanOrEqual(count)
    const table = createRouteTable(routes)
    const headers = new HeaderList()
    for (let route = 0; route < 250; route++) {
      const host = hostName(Math.floor(route / ROUTES_PER_HOST))
      const at = route % ROUTES_PER_HOST
      const match = table.match({ host, path: requestPath(at), method: 'GET', headers, query: '' })
      expect(match.kind === 'route' && match.route.name).toBe(`r${at}`)
    }
  })

  it('of many routes differs with its revision, so that a reload has something to do', async () => {
    const [one, two] = [1, 2].map((revision) => manyRoutesConfig(site, { routes: 10, revision }))
    const hashes = [(await load(one!)).hash, (await load(two!)).hash]
    expect(new Set(hashes).size).toBe(2)
  })
})
