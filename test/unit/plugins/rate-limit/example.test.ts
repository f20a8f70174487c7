// That examples/rate-limit.yaml does what its comments say.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { consumer, RouteUnderTest, surroundings } from './route-under-test.ts'

const file = join(import.meta.dirname, '../../../../examples/rate-limit.yaml')
const config = parseYaml(readFileSync(file, 'utf8'))
const { orders } = config.services

function routeOf(name: string, tier?: string): RouteUnderTest {
  const written = {
    defaults: config.defaults.rateLimit,
    service: orders.rateLimit,
    route: orders.routes[name].rateLimit,
  }
  return new RouteUnderTest(written, surroundings(), {
    route: `orders.${name}`,
    identify: (exchange) => {
      if (tier !== undefined) exchange.consumer = consumer('acme', tier)
    },
  })
}

describe('examples/rate-limit.yaml', () => {
  it('refuses the sixth login within a minute', async () => {
    const login = routeOf('login')
    expect(await login.statuses(6)).toEqual([200, 200, 200, 200, 200, 429])
    const { headers } = await login.send()
    for (const name of ['ratelimit', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after']) {
      expect(headers.has(name)).toBe(true)
    }
  })

  it('gives the tier gold a thousand a minute', async () => {
    const policies = async (tier: string) =>
      (await routeOf('read', tier).send()).headers.get('ratelimit-policy')
    expect(await policies('gold')).toBe(
      '"defaults-1";q=50;w=1, "orders-total";q=1000;w=2, "orders.read-1";q=1000;w=60',
    )
    expect(await policies('silver')).toContain('"orders.read-1";q=100;w=60')
  })
})
