// That examples/auth.yaml does what its comments say, and that the documentation shows what works.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { auth } from '../../../../plugins/auth/auth.ts'
import type { Clock, Hooks } from '../../../../src/plugin.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { bearer, fakeExchange, fakes, parseRoot, run } from './fakes.ts'

const folder = join(import.meta.dirname, '../../../../examples')
const config = parse(readFileSync(join(folder, 'auth.yaml'), 'utf8'))
const root = { auth: config.auth, consumers: config.consumers }
const { routes } = config.services.orders

/** A fake clock at the present: the example's tokens are issued by the machine's. */
function clockOfToday(): FakeClock {
  const clock = new FakeClock()
  clock.stepWallTime(Date.now() - (clock as Clock).epochMs())
  return clock
}

function hooksOf(route: string): Hooks {
  const settings = routes[route].auth
  expect(auth.check!(auth.settings.parse(settings), { root: parseRoot(root), identifies: true })).toEqual([])
  return fakes(clockOfToday()).route(settings, root, { folder })
}

function token(...args: string[]): string {
  const script = join(folder, 'auth/token.ts')
  return execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' }).trim()
}

describe('examples/auth.yaml', () => {
  it('lets a reader read and not write, and tells the service who reads', async () => {
    const headers = bearer(token('alice', 'orders:read'))
    const exchange = fakeExchange(headers)
    expect(await run(hooksOf('read'), exchange)).toBeUndefined()
    expect(exchange.consumer).toMatchObject({ id: 'alice', tier: 'gold', scopes: ['orders:read'] })
    expect(exchange.request.headers.get('x-user-email')).toBe('alice@example.com')
    expect((await run(hooksOf('write'), fakeExchange(headers)))?.code).toBe('INSUFFICIENT_SCOPE')
    expect((await run(hooksOf('read'), fakeExchange()))?.code).toBe('UNAUTHENTICATED')
  })

  it('lets the partner in by the key that its comment names', async () => {
    const text = readFileSync(join(folder, 'auth.yaml'), 'utf8')
    const [, key] = /X-Api-Key: ([^']+)'/.exec(text)!
    const exchange = fakeExchange({ 'X-Api-Key': key! })
    expect(await run(hooksOf('reports'), exchange)).toBeUndefined()
    expect(exchange.consumer?.id).toBe('acme')
    expect((await run(hooksOf('read'), fakeExchange({ 'X-Api-Key': key! })))?.code).toBe('UNAUTHENTICATED')
  })

  it('leaves one route open, in so many words', () => {
    expect(routes.status.auth).toBe(auth.off)
  })
})

describe('docs/authentication.md', () => {
  const text = readFileSync(join(folder, '../docs/authentication.md'), 'utf8')
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => parse(yaml!))

  it('shows only settings that are taken', () => {
    const [first] = blocks
    const facts = parseRoot(first)
    for (const route of Object.values<{ auth: unknown }>(first.services.orders.routes)) {
      if (route.auth === auth.off) continue
      expect(auth.check!(auth.settings.parse(route.auth), { root: facts, identifies: true })).toEqual([])
    }
    expect(blocks).toHaveLength(3)
    expect(parseRoot(blocks[1]).consumers?.['acme']?.apiKey).toHaveLength(2)
    expect(parseRoot(blocks[2]).auth?.['partners']?.type).toBe('clientCertificate')
  })
})
