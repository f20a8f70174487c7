// Either side may break off an exchange at any byte: nothing is left of it, and nobody takes a part for the whole.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import type { ProcessGateway } from '../support/process-gateway.ts'
import { fc, runs } from '../support/property.ts'
import { abortCase, play } from './abort-cases.ts'
import { expectNothingLeft } from './abort-rig.ts'
import { answerPath, type BreakingTarget, startBreakingTarget } from './breaking-target.ts'
import { http2AbortCase, playHttp2 } from './http2-abort-cases.ts'

/** 10,000 in CI over HTTP/1.1, with all that its framings make possible. */
const CASES = runs(10_000)
const HTTP2_CASES = runs(4000)
const TIMEOUT_MS = 600_000

let target: BreakingTarget

const config = () => `
accessLog: false
drain: { delay: 0s }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  plain:
    targets: [${target.url}]
    ejection: false
    connections: { max: 64 }
    routes: { all: /plain/* }
  guarded:
    targets: [${target.url}]
    ejection: false
    connections: { max: 64 }
    timeout: 60s
    retry: { attempts: 1 }
    concurrency: { limit: 64, queue: 64 }
    bodyLimit: 10MB
    routes: { all: /guarded/* }
`

beforeEach(async () => {
  target = await startBreakingTarget()
})

afterEach(() => target.close())

async function assertServes(gateway: ProcessGateway): Promise<void> {
  for (const route of ['/plain', '/guarded']) {
    const path = answerPath({ framing: 'length', size: 1000, ending: 'fin' })
    const { status, body } = await send(`${gateway.listen}${route}${path}`)
    expect([status, body.length]).toEqual([200, 1000])
  }
}

const portOf = (url: string) => Number(new URL(url).port)

describe('exchanges that break off at any byte, on either side', () => {
  it(
    `leave nothing behind and pass for nothing whole: ${CASES} over HTTP/1.1`,
    () =>
      expectNothingLeft(
        {
          config: config(),
          running: () => target.running(),
          cases: (count) => fc.sample(abortCase, count),
          play: (one, { listen }) => play(one, portOf(listen)),
          assertServes,
          idleTargets: 2 * 64,
        },
        CASES,
      ),
    TIMEOUT_MS,
  )

  it(
    `leave nothing behind and pass for nothing whole: ${HTTP2_CASES} over HTTP/2`,
    () =>
      expectNothingLeft(
        {
          config: config(),
          running: () => target.running(),
          cases: (count) => fc.sample(http2AbortCase, count),
          play: (one, { listeners }) => playHttp2(one, portOf(listeners['h2']!)),
          assertServes,
          idleTargets: 2 * 64,
        },
        HTTP2_CASES,
      ),
    TIMEOUT_MS,
  )
})
