// Where a listener listens: on the address that it is told, or everywhere.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, it, onTestFinished } from 'vitest'
import { connectionOf } from '../../../src/edge/connection.ts'
import { openListener } from '../../../src/edge/listener.ts'

async function listenAt(address: string) {
  const accepted: Socket[] = []
  const { authority, stop } = await openListener(address, (socket) => void accepted.push(socket))
  onTestFinished(stop)
  return { accepted, authority, port: Number(authority.slice(authority.lastIndexOf(':') + 1)) }
}

async function dial(host: string, port: number): Promise<void> {
  const socket = connect(port, host)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
}

/** The addresses of this machine that only itself can reach. */
const loopbacks = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, scopeid }) => internal && !scopeid)
  .map(({ address }) => address)

it('a port alone is opened on every address, IPv4 and IPv6, and a client has the one that it has', async () => {
  const { accepted, port } = await listenAt(':0')
  expect(loopbacks).toContain('127.0.0.1')
  for (const [at, address] of loopbacks.entries()) {
    await dial(address, port)
    await expect.poll(() => accepted.length).toBe(at + 1)
    expect(connectionOf(accepted[at]!).peer).toBe(address)
  }
})
