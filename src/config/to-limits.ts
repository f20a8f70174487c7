// `limits` as it is used: durations and sizes under names that carry their unit.
import type { z } from 'zod'
import { limits } from './limits-schema.ts'

const DEFAULTS = limits.parse({})

export type LimitsConfiguration = ReturnType<typeof toLimits>

export function toLimits(read: z.output<typeof limits> = DEFAULTS) {
  const { http2, headersTimeout, requestTimeout, keepAliveTimeout, ...withBodies } = read
  const { bodyGrace, callSilence, writeTimeout, ...others } = withBodies
  const { memory, ...streams } = http2
  return {
    ...others,
    requestsPerConnection: read.requestsPerConnection,
    headersTimeoutMs: headersTimeout,
    requestTimeoutMs: requestTimeout,
    keepAliveTimeoutMs: keepAliveTimeout,
    bodyGraceMs: bodyGrace,
    callSilenceMs: callSilence,
    writeTimeoutMs: writeTimeout,
    http2: { ...streams, memoryBytes: memory },
  }
}
