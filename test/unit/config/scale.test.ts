// What 10,000 routes cost: counts of work, which no machine makes faster or slower.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Plugin } from '../../../src/plugin.ts'
import { load, loaded } from './config-under-test.ts'

const HOSTS = 100
const ROUTES = 100

function bigConfig(route: (host: number, route: number) => string): string {
  const services = Array.from({ length: HOSTS }, (_, host) => {
    const routes = Array.from({ length: ROUTES }, (_, at) => `      r${at}: ${route(host, at)}\n`)
    return `  s${host}:\n    host: h${host}.example.com\n    targets: [http://s${host}]\n    routes:\n${routes.join('')}`
  })
  return `services:\n${services.join('')}`
}

interface Counted {
  readonly plugin: Plugin
  parsed: number
  checked: number
}

function counted(): Counted {
  const count: Counted = {
    parsed: 0,
    checked: 0,
    plugin: {
      name: 'audit',
      stage: 'request',
      summary: '',
      settings: z.strictObject({ topic: z.string() }).refine(() => {
        count.parsed++
        return true
      }),
      check: () => {
        count.checked++
        return []
      },
      create: () => ({}),
    },
  }
  return count
}

describe('10,000 routes', () => {
  it('with equal settings have them read and checked once', async () => {
    const count = counted()
    const text = bigConfig((_, at) => `{ match: GET /r${at}/*, audit: { topic: orders } }`)
    const { routes } = await loaded(text, { plugins: [count.plugin] })
    expect(routes).toHaveLength(10_000)
    expect(count).toMatchObject({ parsed: 1, checked: 1 })
    expect(new Set(routes.map(({ plugins }) => plugins[0]?.settings)).size).toBe(1)
    expect(routes[9999]).toMatchObject({ id: 's99.r99', hosts: ['h99.example.com'], path: '/r99/*' })
  })

  it('with different settings have each read once', async () => {
    const count = counted()
    const text = bigConfig((_, at) => `{ match: /r${at}, audit: { topic: t${at} } }`)
    await loaded(text, { plugins: [count.plugin] })
    expect(count).toMatchObject({ parsed: ROUTES, checked: ROUTES })
  })

  it('with a fault in each are told all of them', async () => {
    const { faults } = await load(bigConfig((_, at) => `{ match: GET r${at} }`))
    expect(faults).toHaveLength(10_000)
    expect(faults[9999]?.position).toMatchObject({ line: 10_401, column: 21 })
  })

  it('that inherit a fault are told it once', async () => {
    const failing: Plugin = { ...counted().plugin, check: () => [{ path: ['topic'], message: 'is wrong' }] }
    const text = `defaults: { audit: { topic: x } }\n${bigConfig((_, at) => `/r${at}`)}`
    const { faults } = await load(text, { plugins: [failing] })
    expect(faults.map(({ hint }) => hint)).toEqual(['in the route s0.r0 and 9999 more'])
  })
})

describe('one service', () => {
  it('may have 10,000 routes itself', async () => {
    const routes = Array.from({ length: 10_000 }, (_, at) => `      r${at}: /r${at}\n`).join('')
    const configuration = await loaded(`services:\n  a:\n    targets: [http://a]\n    routes:\n${routes}`)
    expect(configuration.routes[9999]?.origin).toMatch(/:10004$/)
  })
})
