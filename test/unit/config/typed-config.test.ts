// The TypeScript form: what compiles is read, and what is wrong does not compile (`tsc` proves the marked lines).
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { plugins } from '../../../plugins/index.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { defineConfig, duration, env, type Plugin, secret } from '../../../src/turnpike.ts'

const audit = {
  name: 'audit',
  stage: 'request',
  summary: '',
  settings: z.strictObject({ topic: z.string() }),
  create: () => ({}),
} satisfies Plugin<{ topic: string }>

const slow = {
  name: 'slow',
  stage: 'request',
  summary: '',
  settings: z.strictObject({ by: duration }),
  create: () => ({}),
} satisfies Plugin<{ by: number }>

const annotated: Plugin<{ topic: string }> = audit

const targets = ['http://a'] as const
const corp = { type: 'jwt', issuer: 'https://id.example.com', audience: 'api' } as const

describe('defineConfig', () => {
  it('gives back what it is given', () => {
    const config = { services: { a: { targets, routes: { r: 'GET /x' } } } } as const
    expect(defineConfig(config)).toBe(config)
  })

  it('accepts every form', () => {
    const config = defineConfig({
      redis: env('REDIS_URL', ''),
      include: 'services/*.yaml',
      use: { audit, other: './other.ts' },
      auth: { corp, partner: { type: 'apiKey', header: 'x-api-key' } },
      consumers: { acme: { apiKey: secret('ACME') } },
      defaults: {
        auth: ['corp', 'partner'],
        timeout: '10s',
        audit: { topic: 'all' },
        other: { anything: 1 },
      },
      services: {
        a: {
          host: ['a.com', '*.b.com'],
          targets: [env('A'), { url: 'unix:/run/a.sock', weight: 2 }],
          canary: { percent: '5%', targets: ['https://c'], stickyBy: 'cookie:sid' },
          audit: false,
          routes: {
            short: 'GET|POST /x/:id',
            long: {
              match: { path: '/y', methods: ['GET'] },
              service: 'b',
              auth: 'none',
              rateLimit: { limit: '1/s' },
            },
          },
        },
        b: { targets: ['http://b'] },
      },
    })
    expect(Object.keys(config.services ?? {})).toEqual(['a', 'b'])
  })

  it('accepts every unit, and placeholders for them', () => {
    const config = defineConfig({
      use: { slow, annotated },
      drain: { delay: '1.5s', timeout: env('DRAIN') },
      tracing: { sample: '0.5%' },
      defaults: {
        timeout: '500ms',
        bodyLimit: '64KiB',
        rateLimit: [{ limit: '100/10s' }, { rate: '5/min' }, { limit: env('LIMIT', '1/s') }],
        slow: { by: '1m' },
        annotated: { topic: 'x' },
      },
    })
    expect(config.drain?.delay).toBe('1.5s')
  })

  it('refuses mistakes before the gateway ever sees them', () => {
    const mistakes = [
      // @ts-expect-error an unknown key
      () => defineConfig({ lisen: ':80' }),
      // @ts-expect-error an unknown key of a service
      () => defineConfig({ services: { a: { tragets: targets } } }),
      // @ts-expect-error an unknown key of a route
      () => defineConfig({ services: { a: { targets, routes: { r: { match: '/x', retri: {} } } } } }),
      // @ts-expect-error no target at all
      () => defineConfig({ services: { a: { targets: [] } } }),
      // @ts-expect-error a target of an unknown scheme
      () => defineConfig({ services: { a: { targets: ['ftp://a'] } } }),
      // @ts-expect-error a path without a slash
      () => defineConfig({ services: { a: { targets, routes: { r: 'x' } } } }),
      // @ts-expect-error a lower-case method
      () => defineConfig({ services: { a: { targets, routes: { r: 'get /x' } } } }),
      // @ts-expect-error a service that nobody defines
      () => defineConfig({ services: { a: { targets, routes: { r: { match: '/x', service: 'b' } } } } }),
      // @ts-expect-error a provider that nobody defines
      () => defineConfig({ auth: { corp }, defaults: { auth: 'crop' } }),
      // @ts-expect-error a provider where none is defined
      () => defineConfig({ defaults: { auth: 'corp' } }),
      // @ts-expect-error a plugin that nobody registers
      () => defineConfig({ defaults: { audit: { topic: 'x' } } }),
      // @ts-expect-error a wrong setting of a used plugin
      () => defineConfig({ use: { audit }, defaults: { audit: { topik: 'x' } } }),
      // @ts-expect-error a wrong setting of a built-in plugin
      () => defineConfig({ defaults: { retry: { attemps: 2 } } }),
      // @ts-expect-error a bare number for a duration
      () => defineConfig({ defaults: { timeout: 10 } }),
      // @ts-expect-error a duration without a unit
      () => defineConfig({ defaults: { timeout: '10' } }),
      // @ts-expect-error a duration with a unit that is none
      () => defineConfig({ drain: { delay: '5sec' } }),
      // @ts-expect-error a rate with a unit that is none
      () => defineConfig({ defaults: { rateLimit: { limit: '100/minute' } } }),
      // @ts-expect-error a share without its sign
      () => defineConfig({ tracing: { sample: '10' } }),
      // @ts-expect-error a wrong unit in a used plugin
      () => defineConfig({ use: { slow }, defaults: { slow: { by: '5' } } }),
      // @ts-expect-error an unknown word
      () => defineConfig({ services: { a: { targets, balance: 'random' } } }),
    ]
    for (const mistake of mistakes) expect(mistake).not.toThrow()
  })

  it('is what the example is written with', async () => {
    const result = await loadConfiguration('examples/typed/turnpike.config.ts', {
      plugins,
      env: { ACME_KEY: 'acme-key-0123456789abcdef' },
    })
    expect(result.render(false)).toBe('')
    expect(result.configuration?.routes.map(({ id }) => id)).toEqual([
      'orders.read',
      'orders.write',
      'orders.webhook',
    ])
    expect(result.configuration?.redact('acme-key-0123456789abcdef')).toBe('***')
  })
})
