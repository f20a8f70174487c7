// CPU, memory and event loop of this process, read when metrics are collected.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '../plugin.ts'
import { INSTRUMENTS } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'

const RESOLUTION_MS = 20
const NANOSECONDS = 1e9

/** Returns what stops the measuring. */
export function observeProcess(registry: MetricRegistry, clock: Clock): () => void {
  const startedAt = clock.epochMs() / 1000 - process.uptime()
  registry.observe(INSTRUMENTS.processStart, () => startedAt)
  registry.observe(INSTRUMENTS.processCpu, () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  registry.observe(INSTRUMENTS.processMemory, () => process.memoryUsage.rss())
  registry.observe(INSTRUMENTS.heapUsed, () => process.memoryUsage().heapUsed)
  return observeEventLoop(registry)
}

function observeEventLoop(registry: MetricRegistry): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  registry.observe(INSTRUMENTS.eventLoopP99, () => delayOf(delay.percentile(99)))
  registry.observe(INSTRUMENTS.eventLoopMax, () => {
    const longest = delayOf(delay.max)
    // Read last, by the order of registration: a lifetime maximum would say nothing about now.
    delay.reset()
    return longest
  })
  return () => {
    delay.disable()
  }
}

/** The monitor reports its own sleep as a part of the delay. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000)
}
