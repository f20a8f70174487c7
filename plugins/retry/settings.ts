// The settings of the plugin `retry`, with their defaults and limits.
import { z } from 'zod'
import { duration, percent, size } from '../../src/plugin.ts'

const MAX_ATTEMPTS = 5
const MAX_BACKOFF_MS = 60_000
const MAX_PER_SECOND = 100_000
// Each request with a body may hold this much memory while it is in flight.
const MAX_BODY_BYTES = 1024 ** 2

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH'] as const

const condition = z.union([z.enum(['connect', 'reset', 'timeout']), z.int().min(400).max(599)], {
  error: 'expected connect, reset, timeout or a status from 400 to 599',
})

const wait = duration.refine((ms) => ms <= MAX_BACKOFF_MS, { error: 'a backoff is at most 1m' })

const backoff = z.strictObject({
  base: wait
    .prefault('25ms')
    .describe('The longest wait before the first retry; doubled for each further one.'),
  max: wait.prefault('250ms').describe('The longest wait of all.'),
})

const budget = z.strictObject({
  ratio: percent.prefault('20%').describe('Retries allowed as a share of the requests to the service.'),
  perSecond: z
    .number()
    .min(0)
    .max(MAX_PER_SECOND)
    .default(10)
    .describe('Retries allowed each second on top, for quiet services; shared out over the nodes.'),
})

export const settings = z.strictObject({
  attempts: z.int().min(1).max(MAX_ATTEMPTS).default(1).describe('Extra tries after the first.'),
  on: z
    .array(condition)
    .min(1)
    .default(['connect', 'reset', 'timeout', 502, 503, 504])
    .describe('What is tried again: connect, reset, timeout, or a response status.'),
  methods: z
    .array(z.enum(METHODS))
    .min(1)
    .default(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])
    .describe('Methods that may be sent again after the service may have processed them.'),
  backoff: backoff.prefault({}).describe('The random wait before a retry.'),
  bodyLimit: size
    .refine((bytes) => bytes <= MAX_BODY_BYTES, { error: 'a body limit is at most 1MiB' })
    .prefault('64KiB')
    .describe('A request body up to this size is kept, to be sent again.'),
  budget: budget.prefault({}).describe('How much extra load retries may put on the service.'),
})

export type RetrySettings = z.output<typeof settings>
