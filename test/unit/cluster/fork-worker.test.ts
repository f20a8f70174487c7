// A worker that the system does not let start has ended, so that another one is tried.
import cluster from 'node:cluster'
import { afterEach, expect, it } from 'vitest'
import { forkWorker } from '../../../src/cluster/fork-worker.ts'

const { cwd } = cluster.settings

afterEach(() => {
  cluster.setupPrimary({ cwd })
  delete process.env['TOO_LONG']
})

/** How it has ended. */
const fate = () => {
  const worker = forkWorker(() => {})
  worker.send({ kind: 'drain' })
  worker.kill()
  return new Promise<string>((resolve) => worker.onExit(resolve))
}

it('tells as an exit that there is no process, and forgets it', async () => {
  cluster.setupPrimary({ cwd: '/there/is/no/such/folder' })
  expect(await fate()).toMatch(/^cannot be started: spawn .* ENOENT$/)
  expect(cluster.workers).toEqual({})
})

it('tells it the same way when Node throws', async () => {
  // Longer than the system takes one (E2BIG).
  process.env['TOO_LONG'] = 'x'.repeat(200_000)
  expect(await fate()).toMatch(/^cannot be started: spawn E2BIG$/)
})
