// The settings of the plugin `rateLimit`, with their defaults and limits.
import { z } from 'zod'
import { type Rate, rate } from '../../src/plugin.ts'

const MAX_LIMITS = 16
const MAX_NAME = 64
const MAX_BURST = 1_000_000
/** A cell must last a microsecond: the store's clock knows nothing shorter. */
const MAX_PER_MS = 1000
const MAX_PERIOD_MS = 31 * 86_400_000
const MAX_COUNT = 1_000_000_000

// RFC 9110 section 5.6.2.
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// What a quoted string of RFC 9651 holds without escapes, and a metric label without surprises.
const POLICY_NAME = /^[A-Za-z0-9._:-]+$/

const bounded = rate.refine(isWithinBounds, {
  error: 'a limit is at most 1000000 per second, 1000000000 in all, over at most 31 days',
})

const keySource = z.union(
  [
    z.enum(['ip', 'consumer', 'route', 'global']),
    z.templateLiteral(['header:', z.string().regex(HEADER_NAME)], { error: notAKey }),
  ],
  { error: notAKey },
)

const limit = z
  .strictObject({
    limit: bounded.optional().describe('Never more than this many requests in any such period.'),
    rate: bounded.optional().describe('This many requests per period on average, evenly.'),
    burst: z
      .int()
      .min(1)
      .max(MAX_BURST)
      .optional()
      .describe('How many requests a rate lets through at once; its own count when missing.'),
    by: keySource
      .default('ip')
      .describe('Who has a limit of their own: ip, consumer, route, global, or header:<name>.'),
    name: z
      .string()
      .max(MAX_NAME)
      .regex(POLICY_NAME, { error: 'a name has letters, digits and . _ : - only' })
      .optional()
      .describe('The name in response headers and metrics; made from the route when missing.'),
    tiers: z
      .record(z.string().min(1), bounded)
      .optional()
      .describe("Other rates for consumers of these tiers; the rest get the limit's own."),
    exact: z
      .boolean()
      .default(false)
      .describe('Ask Redis about every request, instead of taking permits ahead where many are left.'),
    onStoreError: z
      .enum(['local', 'allow', 'refuse'])
      .default('local')
      .describe("While Redis is down: this node's share of the limit, let everything pass, or 503."),
  })
  .refine(({ limit, rate }) => (limit === undefined) !== (rate === undefined), {
    error: 'say either limit (never more in any period) or rate (evenly, with a burst)',
  })
  .refine(({ limit, burst }) => limit === undefined || burst === undefined, {
    error: 'a burst belongs to a rate: a limit lets all of its requests through at once',
    path: ['burst'],
  })

const limits = z.array(limit).min(1).max(MAX_LIMITS)

/** No transform: faults are reported at the place where the value was written, list or not. */
export const settings = z.union([limit, limits], { error: 'expected a limit, or a list of limits' })

export type LimitSettings = z.output<typeof limit>
export type RateLimitSettings = z.output<typeof settings>
export type KeySource = LimitSettings['by']

export function listOf(given: RateLimitSettings): readonly LimitSettings[] {
  return Array.isArray(given) ? given : [given]
}

function isWithinBounds({ count, periodMs }: Rate): boolean {
  return count / periodMs <= MAX_PER_MS && periodMs <= MAX_PERIOD_MS && count <= MAX_COUNT
}

function notAKey({ input }: { readonly input?: unknown }): string {
  return `${JSON.stringify(input)} is nothing to count by: ip, consumer, route, global or header:<name>`
}
