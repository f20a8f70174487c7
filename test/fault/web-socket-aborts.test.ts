// Either side of a WebSocket connection may break off at any byte: nothing is left of it on the other side either.
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { ProcessGateway } from '../support/process-gateway.ts'
import { fc, runs } from '../support/property.ts'
import { expectNothingLeft } from './abort-rig.ts'
import { playWebSocket, startBreakingSockets, webSocketAbortCase } from './web-socket-abort-cases.ts'

const CASES = runs(4000)
const TIMEOUT_MS = 600_000

const config = (target: string) => `
accessLog: false
drain: { delay: 0s }
defaults: { webSocket: true }
services:
  plain: { targets: ["${target}"], ejection: false, routes: { all: /plain/* } }
  guarded:
    targets: ["${target}"]
    ejection: false
    timeout: 60s
    retry: { attempts: 1 }
    concurrency: { limit: 64, queue: 64 }
    routes: { all: /guarded/* }
`

it(
  `${CASES} connections that break off at any byte leave nothing behind, and no frame that nobody sent`,
  async () => {
    const target = await startBreakingSockets()
    onTestFinished(() => target.close())
    await expectNothingLeft(
      {
        config: config(target.url),
        running: () => target.running(),
        cases: (count) => fc.sample(webSocketAbortCase, count),
        play: (one, { listen }) => playWebSocket(one, Number(new URL(listen).port)),
        assertServes,
        idleTargets: 0,
      },
      CASES,
    )
  },
  TIMEOUT_MS,
)

async function assertServes({ listen }: ProcessGateway): Promise<void> {
  const plan = { sends: 1e9, takes: 1e9, sizes: [5], ending: 'fin' }
  const socket = new WebSocket(
    `${listen.replace(/^http/, 'ws')}/plain/talk?${encodeURIComponent(JSON.stringify(plan))}`,
  )
  // Listened for before the head has come: the message may come with it.
  const [message] = await once(socket, 'message')
  expect(String(message)).toBe('wwwww')
  socket.terminate()
}
