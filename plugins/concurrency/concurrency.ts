// The plugin `concurrency`: a bulkhead, so that one slow service cannot take the whole gateway with it.
import { z } from 'zod'
import { duration, type Filter, type Hooks, type Plugin, type PluginContext } from '../../src/plugin.ts'
import { Bulkhead, concurrencyLimited } from './bulkhead.ts'

const MAX_LIMIT = 1_000_000
const MAX_QUEUE = 100_000
const MAX_WAIT_MS = 60_000

const limit = z.int().min(1).max(MAX_LIMIT)

const parts = z.strictObject({
  limit: limit.describe('Requests in flight at once, on each node; shared out over its workers.'),
  queue: z
    .int()
    .min(0)
    .max(MAX_QUEUE)
    .default(0)
    .describe('Requests that may wait for a permit, first come first served; 0 refuses at once.'),
  wait: duration
    .refine((ms) => ms > 0 && ms <= MAX_WAIT_MS, { error: 'a wait is more than 0 and at most 1m' })
    .prefault('1s')
    .describe('How long a request may wait.'),
})

const settings = z.union([limit.transform((count) => parts.parse({ limit: count })), parts], {
  error: `expected a number of requests from 1 to ${MAX_LIMIT}, or an object with limit, queue, wait`,
})

export type ConcurrencySettings = z.output<typeof parts>

export const concurrency = {
  name: 'concurrency',
  stage: 'resilience',
  summary: 'Limits the requests in flight to a service, with a bounded queue in front.',
  settings,
  create: createConcurrency,
} satisfies Plugin<ConcurrencySettings>

function createConcurrency(settings: ConcurrencySettings, context: PluginContext): Hooks {
  const { meter, scope, clock } = context
  const limits = {
    limit: context.ofNode(settings.limit),
    queue: context.ofNode(settings.queue),
    waitMs: settings.wait,
  }
  const bulkhead = context.keep(scope, () => new Bulkhead(limits, clock))
  meter.gauge('concurrency_in_flight', 'Requests that hold a permit', () => bulkhead.inFlight, { scope })
  meter.gauge('concurrency_queued', 'Requests that wait for a permit', () => bulkhead.waiting, { scope })
  return { upstream: limitInFlight(bulkhead, context) }
}

function limitInFlight(bulkhead: Bulkhead, { meter, scope }: PluginContext): Filter {
  const description = 'Requests refused for want of a permit'
  const refused = {
    full: meter.counter('concurrency_refused_total', description, { scope, reason: 'full' }),
    expired: meter.counter('concurrency_refused_total', description, { scope, reason: 'expired' }),
  }
  return (next) => async (request) => {
    const refusal = bulkhead.enter() ? undefined : await bulkhead.wait(request.exchange)
    if (refusal) {
      refused[refusal].add()
      throw concurrencyLimited(refusal)
    }
    try {
      const response = await next(request)
      response.body.onEnd(bulkhead.leave)
      return response
    } catch (error) {
      bulkhead.leave()
      throw error
    }
  }
}
