// Who may connect and where it leads, and how connections are counted.
import { describe, expect, it } from 'vitest'
import { compileListenerRules } from '../../../src/tcp/listener-rules.ts'
import { OpenConnections } from '../../../src/tcp/open-connections.ts'
import type { TcpListenerSettings } from '../../../src/tcp/settings.ts'

const rules = (settings: Partial<TcpListenerSettings>) =>
  compileListenerRules({
    name: 'db',
    protocol: 'tlsPassthrough',
    services: new Map(),
    limits: { max: 10, perAddress: 2 },
    timeouts: { helloMs: 1, idleMs: 1, halfOpenMs: 1, lifetimeMs: 1 },
    ...settings,
  })

describe('a name', () => {
  const names: readonly (readonly [string, string])[] = [
    ['db.example.com', 'exact'],
    ['*.example.com', 'near'],
    ['*.com', 'far'],
  ]

  it.each([
    ['db.example.com', 'exact'],
    ['x.example.com', 'near'],
    ['y.x.example.com', 'near'],
    ['example.com', 'far'],
    ['example.org', undefined],
    ['com', undefined],
    [undefined, undefined],
  ])('%s leads to the service of the nearest pattern: %s', (name, service) => {
    expect(rules({ services: new Map(names) }).serviceFor(name)).toBe(service)
  })

  it('that nothing else matches leads to *, and so does none', () => {
    const { serviceFor } = rules({ services: new Map([...names, ['*', 'rest']]) })
    expect(['example.org', undefined, 'a.example.com'].map(serviceFor)).toEqual(['rest', 'rest', 'near'])
  })
})

describe('an address', () => {
  it.each([
    [{}, '192.0.2.1', true],
    [{ allow: ['192.0.2.0/24'] }, '192.0.2.1', true],
    [{ allow: ['192.0.2.0/24'] }, '198.51.100.1', false],
    [{ allow: ['192.0.2.0/24'], deny: ['192.0.2.1'] }, '192.0.2.1', false],
    [{ deny: ['2001:db8::/32'] }, '2001:db8::1', false],
    [{}, '', false],
  ])('with %j: %s is let in: %s', (lists, ip, expected) => {
    expect(rules(lists).allows(ip)).toBe(expected)
  })
})

describe('open connections', () => {
  const limits = { max: 3, perAddress: 2 }

  it('are limited by client, and in all', () => {
    const connections = new OpenConnections()
    const giveBack = connections.take('192.0.2.1')
    connections.take('192.0.2.1')
    expect(connections.refusal('192.0.2.1', limits)).toBe('ADDRESS_FULL')
    expect(connections.refusal('192.0.2.2', limits)).toBeUndefined()
    connections.take('192.0.2.2')
    expect(connections.refusal('192.0.2.3', limits)).toBe('LISTENER_FULL')
    giveBack()
    expect(connections.refusal('192.0.2.1', limits)).toBeUndefined()
  })

  it('of one IPv6 network are those of one client', () => {
    const connections = new OpenConnections()
    connections.take('2001:db8::1')
    connections.take('2001:db8::2')
    expect(connections.refusal('2001:db8::3', limits)).toBe('ADDRESS_FULL')
    expect(connections.refusal('2001:db8:0:1::3', limits)).toBeUndefined()
  })
})
