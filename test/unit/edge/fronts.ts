// A front on a free port, without a gateway behind it.
import { onTestFinished } from 'vitest'
import type { Serve } from '../../../src/edge/client-request.ts'
import { createFront, type Front, type FrontOptions, type ListenerSettings } from '../../../src/edge/front.ts'
import { Spread } from '../../../src/edge/spread.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LIMITS } from './test-limits.ts'

export interface FrontUnderTest {
  readonly front: Front
  readonly port: number
}

/** Ends with the test. */
export async function startFront(
  serve: Serve,
  settings: Partial<ListenerSettings> = {},
  options: Partial<FrontOptions> = {},
): Promise<FrontUnderTest> {
  const front = await createFront({
    serve,
    onMalformed: () => {},
    carry: () => {},
    clock: new FakeClock(),
    trusts: () => false,
    spread: new Spread(new FakeClock()),
    onRefused: () => {},
    onProxyFault() {},
    limits: LIMITS,
    ...options,
  })
  onTestFinished(async () => {
    front.closeConnections()
    await front.close()
  })
  const url = await front.open({
    name: 'a',
    protocol: 'http',
    proxyProtocol: false,
    address: '127.0.0.1:0',
    ...settings,
  } as ListenerSettings)
  return { front, port: Number(new URL(url).port) }
}
