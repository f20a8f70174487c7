// A Host is refused as INVALID_HOST, or it names one host, which is no other one in another spelling.
import assert from 'node:assert/strict'
import { parseAuthority } from '../../../src/edge/authority.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { FuzzTarget } from '../fuzzer.ts'

export const authority: FuzzTarget = {
  name: 'authority',
  maxBytes: 300,
  runsInCi: 40_000,
  dictionary: [
    '.',
    ':',
    ':80',
    ':65536',
    '[',
    ']',
    '::1',
    '@',
    '/',
    ',',
    ' ',
    '-',
    '_',
    'a.test',
    '%',
    '\0',
    '0x7f',
  ],
  run(input) {
    const host = hostOf(input.toString('latin1'))
    if (host === undefined) return
    assert.match(host, /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/)
    assert.ok(!host.endsWith('.') || host.endsWith('..'))
    assert.equal(hostOf(host) ?? host, host)
  },
}

function hostOf(text: string): string | undefined {
  try {
    return parseAuthority(text).host
  } catch (thrown) {
    assert.ok(thrown instanceof GatewayError && thrown.code === 'INVALID_HOST')
    return undefined
  }
}
