// The structural keys of the root file.
import { z } from 'zod'
import { duration, percent } from '../units.ts'
import { address, network } from './address-field.ts'
import { limits } from './limits-schema.ts'
import { listeners } from './listener-schema.ts'
import { textField } from './text-field.ts'

const version = z.literal(1, {
  error: ({ input }) => `${JSON.stringify(input)} is not a version that this gateway reads: write 1`,
})

const redis = textField((text) =>
  text === '' || isRedisUrl(text)
    ? { value: text }
    : // The value is not shown: it often holds a password.
      { message: 'not the address of a Redis', hint: 'write redis://host:6379 or rediss://host:6379' },
)

// The path is the number of the database; credentials are percent-encoded.
function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false
  const { pathname, username, password } = new URL(text)
  return /^\/?\d*$/.test(pathname) && ![username, password].some((part) => /%(?![0-9A-Fa-f]{2})/.test(part))
}

const pattern = z.string().min(1)

export const MAX_WORKERS = 256

const workers = z.union([z.literal('auto'), z.int().min(1).max(MAX_WORKERS)], {
  error: `expected auto or a number from 1 to ${MAX_WORKERS}`,
})

export const rootShape = {
  version: version.default(1).describe('Version of this format.'),
  listen: z
    .union([z.literal(false), address], {
      error: ({ input }) => (input === null ? 'has no value: a text is expected' : undefined),
    })
    .prefault(':8080')
    .describe('Where clients connect with HTTP/1.1 in clear text; `false` leaves it to `listeners`.'),
  listeners: listeners.prefault({}).describe('More places where clients connect, by name.'),
  limits: limits.prefault({}).describe('What clients may cost, in size, number and time.'),
  status: address.prefault(':9091').describe('Where `/livez`, `/readyz` and `/metrics` are.'),
  admin: address.prefault('127.0.0.1:9090').describe('Where the admin API is.'),
  workers: workers.default(1).describe('Processes that share the work; `auto`: as many as there are cores.'),
  redis: redis.prefault('').describe('`redis://` or `rediss://`; without it limits are per node, in memory.'),
  trustProxy: z.array(network).default([]).describe('Networks whose forwarded headers are believed.'),
  include: z
    .union([pattern.transform((one) => [one]), z.array(pattern)])
    .describe('Globs of files with further services.'),
  use: z.record(z.string(), z.unknown()).describe('Your own plugins: name -> file or package.'),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('What is logged.'),
  accessLog: z.boolean().default(true).describe('One line per request.'),
  tracing: z
    .strictObject({ sample: percent.prefault('100%').describe('Share of the requests that are traced.') })
    .prefault({})
    .describe('Traces, sent when OTEL_EXPORTER_OTLP_ENDPOINT is set.'),
  drain: z
    .strictObject({
      delay: duration.prefault('5s').describe('Time between "not ready" and the end of listening.'),
      timeout: duration.prefault('25s').describe('How long requests in flight may take to end.'),
    })
    .prefault({})
    .describe('How the gateway stops.'),
  defaults: z
    .record(z.string(), z.unknown())
    .describe('Plugins of every route, unless a service or route says otherwise.'),
  services: z
    .record(z.string(), z.unknown(), {
      error: ({ input }) =>
        input === null ? 'there are none: write name: { targets: [...], routes: {...} }' : undefined,
    })
    .describe('Named services with their routes.'),
} as const
