// Addresses that could not be listened on together, or not safely: `check` finds what `run` would refuse.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configurationChecks as checks } from '../../src/checks.ts'
import type { LoadOptions } from '../../src/config/configuration.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { faultsOf, withRoute, writeFiles } from './config/config-under-test.ts'

const TOKEN = 'c1a0b9e8d7f6a5b4c3d2e1f0'

const told = (lines: string, options: Partial<LoadOptions> = {}) =>
  faultsOf(`${lines}\n${withRoute('match: /x')}`, { checks, ...options })

describe('two addresses that are one', () => {
  it.each([
    ['status: :8080', '1:9 status: is the address of "listen" as well (give each a port of its own)'],
    ['admin: 127.0.0.1:8080', '1:8 admin: is the address of "listen" as well (give each a port of its own)'],
    ['listen: :9090', '1:9 listen: is the address of "admin" as well (give each a port of its own)'],
    [
      'listen: 127.0.0.1:1\nstatus: localhost:1',
      '2:9 status: is the address of "listen" as well (give each a port of its own)',
    ],
    [
      'listen: 0.0.0.0:1\nstatus: 10.0.0.1:1',
      '2:9 status: is the address of "listen" as well (give each a port of its own)',
    ],
  ])('%s', async (lines, line) => {
    expect(await told(lines)).toEqual([line])
  })

  it.each([
    'listen: 127.0.0.1:0\nstatus: 127.0.0.1:0\nadmin: 127.0.0.1:0',
    'listen: 10.0.0.1:1\nstatus: 10.0.0.2:1',
    'listen: 0.0.0.0:1\nstatus: "[::1]:1"',
  ])('%s are none', async (lines) => {
    expect(await told(lines)).toEqual([])
  })

  it('may come from the environment or the command line, which win in this order', async () => {
    expect(await told('status: :1', { env: { TURNPIKE_LISTEN: ':1' } })).toHaveLength(1)
    expect(await told('status: :8080', { env: { TURNPIKE_STATUS: ':1' } })).toEqual([])
    expect(await told('log: info', { addresses: { listen: ':9091' } })).toHaveLength(1)
    const both = { env: { TURNPIKE_LISTEN: ':9091' }, addresses: { listen: ':1' } }
    expect(await told('log: info', both)).toEqual([])
  })
})

describe('a trusted network', () => {
  const warnings = async (networks: string) => {
    const files = { 'turnpike.yaml': `trustProxy: [${networks}]\n${withRoute('match: /x')}` }
    const result = await loadConfiguration(join(writeFiles(files), 'turnpike.yaml'), {
      plugins: [],
      env: {},
      checks,
    })
    expect(result.configuration).toBeDefined()
    return result.warnings.map(({ path, message, position }) => [path, message, position?.line])
  }

  it.each(['0.0.0.0/0', '"::/0"'])('that is %s is warned of, and taken', async (network) => {
    expect(await warnings(`10.0.0.0/8, ${network}`)).toEqual([
      [['trustProxy', 1], 'is everybody: any client may say that it is another one', 1],
    ])
  })

  it('that is one is not', async () => {
    expect(await warnings('10.0.0.0/8, 192.0.2.10')).toEqual([])
  })
})

describe('an admin address that others can reach', () => {
  it.each([':9090', '0.0.0.0:9090', '10.0.0.1:9090', '"[::]:9090"', 'gateway.internal:9090'])(
    '%s needs a token',
    async (address) => {
      expect(await told(`admin: ${address}`)).toEqual([
        expect.stringMatching(
          /^1:8 admin: ".*" can be reached from other machines, and there is no token \(set TURNPIKE_ADMIN_TOKEN or/,
        ),
      ])
      expect(await told(`admin: ${address}`, { env: { TURNPIKE_ADMIN_TOKEN: TOKEN } })).toEqual([])
    },
  )

  it.each(['127.0.0.1:1', 'localhost:1', '"[::1]:1"'])('is not %s', async (address) => {
    expect(await told(`admin: ${address}`)).toEqual([])
  })

  it('may have its token in a file, which must be there', async () => {
    const folder = writeFiles({ token: `${TOKEN}\n` })
    const env = (file: string) => ({ TURNPIKE_ADMIN_TOKEN_FILE: join(folder, file) })
    expect(await told('admin: :1', { env: env('token') })).toEqual([])
    expect(await told('admin: :1', { env: env('none') })).toEqual([
      `1:8 admin: TURNPIKE_ADMIN_TOKEN_FILE: cannot read ${folder}/none`,
    ])
  })

  it('needs a token that deserves the name, as every admin address does', async () => {
    const env = { TURNPIKE_ADMIN_TOKEN: 'short' }
    expect(await told('admin: 127.0.0.1:1', { env })).toEqual([
      expect.stringContaining('admin: TURNPIKE_ADMIN_TOKEN is shorter than 16 characters'),
    ])
  })

  it('may be the one of the command line', async () => {
    expect(await told('admin: :9090', { addresses: { admin: '127.0.0.1:0' } })).toEqual([])
    expect(await told('log: info', { env: { TURNPIKE_ADMIN: ':1' } })).toHaveLength(1)
  })
})

describe('an address that is none', () => {
  it.each(['1.2.3.456:80', '127.1:80'])('%s is told once', async (address) => {
    expect(await told(`admin: ${address}`)).toEqual([
      `1:8 admin: "${address}" is not an address (write :8080 or 127.0.0.1:8080)`,
    ])
  })
})
