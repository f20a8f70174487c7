// What defaults, service and route come to for each plugin of a route.
import { describe, expect, it } from 'vitest'
import type { Configuration } from '../../../src/config/configuration.ts'
import { loaded } from './config-under-test.ts'

interface Levels {
  readonly defaults?: string
  readonly service?: string
  readonly route?: string
}

async function resolve({
  defaults = '',
  service = '',
  route = '',
}: Levels): Promise<Configuration['routes'][0]> {
  const { routes } = await loaded(`
defaults: { ${defaults} }
services:
  a:
    targets: [http://a]
    ${service}
    routes:
      r: { match: /r, ${route} }
  b: { targets: [http://b] }
`)
  return routes[0]!
}

const settingsOf = ({ plugins }: Configuration['routes'][0]) =>
  Object.fromEntries(plugins.map(({ plugin, settings }) => [plugin.name, settings]))

describe('a plugin whose nearest level wins', () => {
  it.each([
    ['defaults', { defaults: 'retry: { attempts: 1 }' }, 1],
    ['service', { defaults: 'retry: { attempts: 1 }', service: 'retry: { attempts: 2 }' }, 2],
    [
      'route',
      {
        defaults: 'retry: { attempts: 1 }',
        service: 'retry: { attempts: 2 }',
        route: 'retry: { attempts: 3 }',
      },
      3,
    ],
  ])('takes its settings whole from the %s', async (level, levels, attempts) => {
    const route = await resolve(levels)
    expect(settingsOf(route)).toEqual({ retry: { attempts } })
    expect(route.plugins[0]?.layers.map((layer) => layer.level)).toEqual([level])
  })

  it('is not merged with what an outer level says', async () => {
    const route = await resolve({ defaults: 'retry: { attempts: 4 }', route: 'retry: {}' })
    expect(settingsOf(route)).toEqual({ retry: { attempts: 1 } })
  })

  it('is off where the nearest level says false, and on again further in', async () => {
    expect(settingsOf(await resolve({ defaults: 'timeout: 1s', route: 'timeout: false' }))).toEqual({})
    expect(
      settingsOf(await resolve({ defaults: 'timeout: 1s', service: 'timeout: false', route: 'timeout: 2s' })),
    ).toEqual({
      timeout: 2000,
    })
  })
})

describe('a plugin that adds up', () => {
  const limits = ({ plugins }: Configuration['routes'][0]) =>
    plugins[0]?.layers.map(({ level, settings }) => [
      level,
      (settings as { limit: { count: number } }).limit.count,
    ])

  it('keeps every level, outermost first', async () => {
    const route = await resolve({
      defaults: 'rateLimit: { limit: 1/s }',
      service: 'rateLimit: { limit: 2/s }',
      route: 'rateLimit: { limit: 3/s }',
    })
    expect(limits(route)).toEqual([
      ['defaults', 1],
      ['service', 2],
      ['route', 3],
    ])
    expect(route.plugins[0]).toMatchObject({ scope: 'a.r', settings: { limit: { count: 3 } } })
  })

  it('loses the outer levels where one says false', async () => {
    const route = await resolve({
      defaults: 'rateLimit: { limit: 1/s }',
      service: 'rateLimit: false',
      route: 'rateLimit: { limit: 3/s }',
    })
    expect(limits(route)).toEqual([['route', 3]])
    expect(
      settingsOf(await resolve({ defaults: 'rateLimit: { limit: 1/s }', route: 'rateLimit: false' })),
    ).toEqual({})
  })
})

describe('a plugin with a word for off', () => {
  it('is off by this word, and on again further in', async () => {
    expect(settingsOf(await resolve({ route: 'auth: none' }))).toEqual({})
    const { routes } = await loaded(`
auth: { corp: { type: jwt } }
defaults: { auth: corp }
services:
  a: { targets: [http://a], auth: none, routes: { open: /open, closed: { match: /closed, auth: { use: corp } } } }
`)
    expect(routes.map(settingsOf)).toEqual([{}, { auth: { use: 'corp' } }])
  })
})

describe('the scope of a plugin', () => {
  it('is the service where an outer level has set it, the route where the route has', async () => {
    const route = await resolve({
      defaults: 'timeout: 1s',
      service: 'retry: {}',
      route: 'rateLimit: { limit: 1/s }',
    })
    expect(route.plugins.map(({ plugin, scope }) => [plugin.name, scope])).toEqual([
      ['rateLimit', 'a.r'],
      ['timeout', 'a'],
      ['retry', 'a'],
    ])
  })

  it('is the route when it is sent to another service', async () => {
    const route = await resolve({ service: 'retry: {}', route: 'service: b' })
    expect(route.service).toBe('b')
    expect(route.plugins[0]?.scope).toBe('a.r')
  })
})

describe('routes that say nothing themselves', () => {
  it('share what their service says', async () => {
    const { routes } = await loaded(`
defaults: { timeout: 1s }
services:
  a: { targets: [http://a], retry: {}, routes: { r: /r, s: /s, t: { match: /t, retry: { attempts: 2 } } } }
  b: { targets: [http://b], routes: { r: /b } }
`)
    const [r, s, t, other] = routes.map(({ plugins }) => plugins)
    expect(r?.[0]).toBe(s?.[0])
    expect(r?.[1]).toBe(s?.[1])
    expect(t?.[0]).toBe(r?.[0])
    expect(t?.[1]).not.toBe(r?.[1])
    expect(other?.[0]?.scope).toBe('b')
  })
})
