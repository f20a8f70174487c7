// What an operator reads when targets fail: why, and not a line for every request.
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Logger } from '../../../src/plugin.ts'
import { FailureLog } from '../../../src/upstream/failure-log.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function start() {
  const lines: object[] = []
  const clock = new FakeClock()
  const logger: Logger = { debug() {}, info() {}, warn: (facts) => lines.push(facts), error() {} }
  return { lines, clock, log: new FailureLog('orders', logger, clock) }
}

const refused = new GatewayError('UPSTREAM_UNREACHABLE', {
  cause: Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:80'), { code: 'ECONNREFUSED' }),
})

describe('the failure log', () => {
  it('names the target, the code and the reason', () => {
    const { lines, log } = start()
    log.note('http://10.0.0.1:80', refused)
    const reason = 'connect ECONNREFUSED 10.0.0.1:80'
    expect(lines).toEqual([
      {
        service: 'orders',
        target: 'http://10.0.0.1:80',
        code: 'UPSTREAM_UNREACHABLE',
        reason,
        moreSinceLastLine: 0,
      },
    ])
  })

  it('says it once per target and ten seconds, and how often it happened meanwhile', async () => {
    const { lines, clock, log } = start()
    for (let time = 0; time < 4; time++) log.note('a', refused)
    log.note('b', refused)
    expect(lines).toHaveLength(2)
    await clock.advance(10_000)
    log.note('a', refused)
    expect(lines[2]).toMatchObject({ target: 'a', moreSinceLastLine: 3 })
  })

  it('puts the code of a foreign error before a message that lacks it', () => {
    const { lines, log } = start()
    const cause = Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    log.note('a', new GatewayError('UPSTREAM_TLS_FAILED', { cause }))
    log.note('b', new GatewayError('UPSTREAM_TIMEOUT'))
    expect(lines).toMatchObject([
      { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate' },
      { reason: undefined },
    ])
  })
})
