// What the full chain needs beside a backend: a Redis of its own and a collector for traces.
import { fileURLToPath } from 'node:url'
import { requestHead } from '../load/request-bytes.ts'
import { findProgram } from '../machine/programs.ts'
import { awaitAnswer } from '../processes/await-answer.ts'
import { type Child, childFailure, startChild } from '../processes/child.ts'
import { freePort } from '../processes/free-port.ts'
import { pingRedis } from './ping-redis.ts'

export interface SharedServices {
  /** Undefined: there is no redis-server on this machine. */
  readonly redis: { readonly url: string; readonly pid: number } | undefined
  readonly collectorUrl: string
  stop(): Promise<void>
}

export async function startSharedServices(): Promise<SharedServices> {
  const [redisPort, collectorPort] = [await freePort(), await freePort()]
  const redis = await startRedis(redisPort)
  const script = fileURLToPath(new URL('./trace-sink.ts', import.meta.url))
  const collector = startChild('collector', {
    program: process.execPath,
    args: [script, String(collectorPort)],
  })
  await awaitAnswer(collector, { port: collectorPort, request: requestHead(), expectedStatus: 200 })
  return {
    redis: redis && { url: `redis://127.0.0.1:${redisPort}`, pid: redis.pid },
    collectorUrl: `http://127.0.0.1:${collectorPort}`,
    stop: async () => void (await Promise.all([redis?.stop(), collector.stop()])),
  }
}

async function startRedis(port: number): Promise<Child | undefined> {
  const program = findProgram('redis-server', 'valkey-server')
  if (program === undefined) return undefined
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = startChild('redis', { program, args })
  if (await pingRedis(port)) return child
  throw childFailure(child, 'did not start')
}
