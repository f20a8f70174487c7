// What a reload cannot change, and what a process that starts later takes from it.
import { describe, expect, it } from 'vitest'
import type { Configuration } from '../../src/config/configuration.ts'
import { changedFixedKeys, fixedPart, withFixedPart } from '../../src/fixed-keys.ts'
import { loaded } from './config/config-under-test.ts'

const config = (address: string, keys: string): Promise<Configuration> =>
  loaded(`
listeners:
  db: { address: "${address}", protocol: tcp, ${keys} }
services:
  a: { targets: ["tcp://a:1"] }
  b: { targets: ["tcp://b:1"] }
`)

describe('a tcp listener', () => {
  it('keeps its address, and may change where it leads and whom it lets in', async () => {
    const running = await config(':1', 'service: a')
    const next = await config(':1', 'service: b, allow: [10.0.0.0/8], timeouts: { idle: 5m }')
    expect(changedFixedKeys(fixedPart(running), next)).toEqual([])
    expect(changedFixedKeys(fixedPart(running), await config(':2', 'service: a'))).toEqual(['listeners'])
  })

  it('of a process that starts later has the address of the first config and the rest of its own', async () => {
    const fixed = fixedPart(await config(':1', 'service: a'))
    const { listeners } = withFixedPart(await config(':2', 'service: b'), fixed)
    expect(listeners).toMatchObject([{ name: 'db', address: ':1', services: new Map([['*', 'b']]) }])
  })

  it('that no config has any more is not opened by a process that starts later', async () => {
    const fixed = fixedPart(await config(':1', 'service: a'))
    const next = await loaded('services: { a: { targets: ["http://a"], routes: { r: /x } } }')
    expect(withFixedPart(next, fixed).listeners).toEqual([])
  })
})

it('the limits of clients are those of the start', async () => {
  const [running, next] = await Promise.all(
    [10, 20].map((most) =>
      loaded(
        `limits: { connections: ${most} }\nservices: { a: { targets: ["http://a"], routes: { r: /x } } }`,
      ),
    ),
  )
  expect(changedFixedKeys(fixedPart(running!), next!)).toEqual(['limits'])
  expect(withFixedPart(next!, fixedPart(running!)).limits.connections).toBe(10)
})
