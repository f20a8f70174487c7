// The plugin `timeout`: how long an exchange, one attempt and a silent body may take; the engine enforces it.
import { z } from 'zod'
import { duration, type Exchange, type Fault, type Hooks, type Plugin } from '../../src/plugin.ts'

// A Node timer of more than 2^31 ms fires at once: an absurd timeout would fail every request.
const MAX_MS = 86_400_000

const limit = duration.refine((ms) => ms > 0 && ms <= MAX_MS, {
  error: 'a timeout is more than 0 and at most 1d',
})

const parts = z
  .strictObject({
    total: limit
      .optional()
      .describe(
        'The whole exchange, retries and waiting included, to the last byte; event streams are exempt.',
      ),
    attempt: limit.optional().describe('One attempt, until the head of its response.'),
    idle: limit.optional().describe('How long a response body may be silent.'),
  })
  .refine((given) => Object.values(given).some((ms) => ms !== undefined), {
    error: 'say at least one of total, attempt, idle',
  })

const settings = z.union([limit.transform((total): TimeoutSettings => ({ total })), parts], {
  error: 'expected a duration like 10s, or an object with total, attempt, idle',
})

export interface TimeoutSettings {
  readonly total?: number | undefined
  readonly attempt?: number | undefined
  readonly idle?: number | undefined
}

export const timeout = {
  name: 'timeout',
  stage: 'resilience',
  summary: 'Limits how long an exchange, one attempt at the service and a silent response body may take.',
  settings,
  check: findUnreachable,
  create: createTimeout,
} satisfies Plugin<TimeoutSettings>

function findUnreachable({ total, attempt }: TimeoutSettings): readonly Fault[] {
  if (total === undefined || attempt === undefined || attempt <= total) return []
  return [{ path: ['attempt'], message: 'attempt is longer than total', hint: 'total ends it first' }]
}

function createTimeout({ total, attempt, idle }: TimeoutSettings): Hooks {
  return {
    onRequest(exchange: Exchange): void {
      if (total !== undefined) exchange.deadlineAt = Math.min(exchange.deadlineAt, exchange.startedAt + total)
      // A total alone may be longer than the engine's own limit of an attempt.
      if (attempt ?? total) exchange.request.attemptTimeoutMs = attempt ?? Number.POSITIVE_INFINITY
      if (idle !== undefined) exchange.request.idleTimeoutMs = idle
    },
  }
}
