// What ends a WebSocket connection: messages that are too big, frames that may not be, a token that is over.
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { signToken } from '../support/tokens.ts'
import { closeCode, nextMessage, openWebSocket, startWebSocketTarget } from '../support/web-socket.ts'

const SECRET = 'a-shared-secret-of-more-than-32-bytes'
const LIMIT = 64 * 1024

let gateway: TestGateway

const config = (target: string) => `
accessLog: false
auth:
  idp: { type: jwt, issuer: https://idp.test, audience: gw, secret: "\${secret:KEY}", clockSkew: 0s }
services:
  chat:
    targets: [${target}]
    routes:
      open: { match: /open, auth: none, webSocket: { message: 64KiB } }
      guarded: { match: /guarded, auth: idp, webSocket: true }
      kept: { match: /kept, auth: idp, webSocket: { untilExpiry: false } }
`

async function start(options: Parameters<typeof startWebSocketTarget>[0] = {}) {
  const served: WebSocket[] = []
  const target = await startWebSocketTarget(options, (socket) => {
    socket.on('error', () => {})
    served.push(socket)
    socket.on('message', (message, isBinary) => {
      if (message.toString() === 'flood') socket.send(Buffer.alloc(LIMIT + 1))
      else socket.send(message, { binary: isBinary })
    })
  })
  gateway = await startTestGateway(config(target.url), { env: { KEY: SECRET } })
  return { last: () => served.at(-1)! }
}

async function withGateway(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } finally {
    await gateway.stop()
  }
}

const open = (path: string, claims?: Record<string, unknown>) =>
  openWebSocket(`${gateway.url}${path}`, {
    headers: claims ? { authorization: `Bearer ${signToken({ key: SECRET, claims })}` } : {},
    perMessageDeflate: false,
  })

describe('a message', () => {
  it('may be as big as its limit, and one byte more ends both sides by 1009', () =>
    withGateway(async () => {
      const { last } = await start({ perMessageDeflate: false })
      const socket = await open('/open')
      socket.send(Buffer.alloc(LIMIT, 'x'))
      expect(await nextMessage(socket)).toBe('x'.repeat(LIMIT))
      const codes = Promise.all([closeCode(socket), closeCode(last())])
      socket.send(Buffer.alloc(LIMIT + 1))
      expect(await codes).toEqual([1009, 1009])
    }))

  it('of many frames is one message; and a service has the same limit', () =>
    withGateway(async () => {
      const { last } = await start({ perMessageDeflate: false })
      const socket = await open('/open')
      const served = closeCode(last())
      for (let part = 0; part <= 64; part++) socket.send(Buffer.alloc(1024), { fin: false })
      expect([await closeCode(socket), await served]).toEqual([1009, 1009])
      const second = await open('/open')
      const codes = Promise.all([closeCode(second), closeCode(last())])
      second.send('flood')
      expect(await codes).toEqual([1009, 1009])
    }))

  it('that is compressed is counted as it comes, and its bits are in order', () =>
    withGateway(async () => {
      await start({ perMessageDeflate: { threshold: 0 } })
      const socket = await openWebSocket(`${gateway.url}/open`, { perMessageDeflate: { threshold: 0 } })
      expect(socket.extensions).toContain('permessage-deflate')
      socket.send('x'.repeat(LIMIT * 2))
      expect((await nextMessage(socket)).length).toBe(LIMIT * 2)
    }))
})

describe('a connection that a token has opened', () => {
  const soon = () => Math.floor(Date.now() / 1000) + 3

  it('ends with it by 1008, on both sides', () =>
    withGateway(async () => {
      const { last } = await start()
      const socket = await open('/guarded', { exp: soon() })
      socket.send('hello')
      expect(await nextMessage(socket)).toBe('hello')
      const codes = await Promise.all([closeCode(socket), closeCode(last())])
      expect(codes).toEqual([1008, 1008])
    }))

  it('goes on behind it where the route says so', () =>
    withGateway(async () => {
      await start()
      const exp = soon()
      const kept = await open('/kept', { exp })
      const guarded = await open('/guarded', { exp })
      expect(await closeCode(guarded)).toBe(1008)
      kept.send('still here')
      expect(await nextMessage(kept)).toBe('still here')
    }))
})
