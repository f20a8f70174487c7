// The structural keys of a service and of a route.
import { z } from 'zod'
import { duration, percent, size } from '../units.ts'
import { hosts } from './host-field.ts'
import { matchMap, matchText, toMatch } from './match-field.ts'
import { respond } from './respond-field.ts'
import { targets } from './target-field.ts'
import { textField } from './text-field.ts'

/** Below this, the checks of a target are a load of their own. */
const MIN_CHECK_MS = 100

const checkInterval = duration.refine((ms) => ms >= MIN_CHECK_MS, {
  error: ({ input }) => `${input}ms is out of range: at least ${MIN_CHECK_MS}ms`,
})

const someTime = duration.refine((ms) => ms > 0, { error: 'no time at all is out of range: more than 0ms' })

const DAY_MS = 86_400_000
/** Of a timer of Node, which would be over at once after 25 days and more. */
const patience = someTime.refine((ms) => ms <= DAY_MS, {
  error: ({ input }) => `${input}ms is out of range: at most 1d`,
})

/** A number from 0 to 100, or with the percent sign. */
const share = z.union([
  z
    .number()
    .min(0)
    .max(100)
    .transform((number) => number / 100),
  percent,
])

const STICKY = /^(?:consumer|ip|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/

type StickyBy = 'consumer' | 'ip' | `header:${string}` | `cookie:${string}`

const stickyBy = textField((text) =>
  STICKY.test(text)
    ? { value: text as StickyBy }
    : {
        message: `${JSON.stringify(text)} is nothing that a client can be known by`,
        hint: 'write consumer, ip, header:<name> or cookie:<name>',
      },
)

const canary = z.strictObject({
  percent: share.describe('Share of the requests, `5` or `5%`.'),
  targets: targets.describe('Where they go.'),
  stickyBy: stickyBy
    .optional()
    .describe('Who stays on one side: `consumer`, `ip`, `header:<name>` or `cookie:<name>`.'),
})

const absolutePath = textField((text) =>
  /^\/[\x21-\x7e]*$/.test(text)
    ? { value: text }
    : { message: `${JSON.stringify(text)} is not a path`, hint: 'it starts with "/" and has no spaces' },
)

const status = z.int().min(100).max(599)

const health = z.strictObject({
  path: absolutePath.optional().describe('What is asked for; `tcp://` targets are only connected to.'),
  every: checkInterval.prefault('10s').describe('Time between two checks of a target.'),
  timeout: patience.prefault('2s').describe('How long an answer may take.'),
  healthy: z.int().min(1).max(100).default(2).describe('Successes in a row until a target is used again.'),
  unhealthy: z.int().min(1).max(100).default(3).describe('Failures in a row until a target is left out.'),
  status: z
    .union([status.transform((one) => [one]), z.array(status).min(1)])
    .optional()
    .describe('Accepted statuses; any 2xx or 3xx without it.'),
})

const ejection = z.strictObject({
  failures: z.int().min(1).default(5).describe('Failures in a row that take a target out.'),
  successRate: percent.prefault('80%').describe('Taken out as well below this share of successes.'),
  window: someTime.prefault('30s').describe('The time that the share is taken over.'),
  minimum: z.int().min(1).default(5).describe('Requests in the window before the share counts.'),
  base: someTime.prefault('5s').describe('How long it stays out at first.'),
  max: someTime.prefault('5m').describe('How long it stays out at most.'),
})

/** What an answer needs at least, and what one target may make the gateway keep for each connection. */
const HEAD_LIMITS = { min: 1024, max: 1024 * 1024 }

const headLimit = size.refine((bytes) => bytes >= HEAD_LIMITS.min && bytes <= HEAD_LIMITS.max, {
  error: ({ input }) => `${input} bytes is out of range: 1KiB to 1MiB`,
})

const connections = z.strictObject({
  max: z.int().min(1).default(128).describe('Open connections per target, of each worker.'),
  connectTimeout: patience.prefault('1s').describe('How long connecting may take.'),
  idleTimeout: patience.prefault('4s').describe('How long an unused connection is kept.'),
  headLimit: headLimit.prefault('32KiB').describe('Bytes of a response head; a larger one is a 502.'),
  queue: z
    .int()
    .min(0)
    .default(1024)
    .describe('Requests that may wait for a connection, per target, in each worker.'),
})

const fileName = z.string().min(1)

const tls = z.strictObject({
  ca: fileName.optional().describe("File of the certificates that the targets' are checked against."),
  cert: fileName.optional().describe('File of the client certificate.'),
  key: fileName.optional().describe("File of the client certificate's key."),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('The name expected in the certificate, when not the host.'),
})

export const serviceShape = {
  host: hosts.describe('Hosts: `api.example.com`, `*.example.com`, or a list. Any without it.'),
  targets: targets.describe(
    'Addresses: `http://`, `https://`, `h2c://`, `tcp://` or `unix:`, or maps of `url` and `weight`.',
  ),
  protocol: z
    .enum(['auto', 'http1', 'http2'])
    .default('auto')
    .describe('What is spoken with `https://` and `unix:` targets; `auto`: what the TLS handshake chooses.'),
  balance: z.enum(['p2c', 'roundRobin']).default('p2c').describe('How a target is picked.'),
  canary: canary.describe('A share of the requests goes to other targets.'),
  health: health.describe('Asks every target whether it is well.'),
  ejection: z
    .union([z.literal(false), ejection])
    .prefault({})
    .describe('Takes failing targets out; `false` never does.'),
  connections: connections.prefault({}).describe('Limits of the connections to each target.'),
  proxyProtocol: z
    .enum(['v1', 'v2'])
    .describe('Each connection to a `tcp://` target begins with who the client is.'),
  tls: tls.describe('How `https://` targets are verified, and who the gateway is to them.'),
} as const

const rewrite = z.strictObject({
  path: absolutePath.optional().describe('The new path; `/*` at the end keeps the rest.'),
  host: z.string().min(1).optional().describe('The Host that the service sees.'),
})

const REDIRECTS = [301, 302, 303, 307, 308] as const

const redirect = z.strictObject({
  to: z
    .string()
    .regex(/^(?:\/|https?:\/\/[^/])/, {
      error: ({ input }) => `${JSON.stringify(input)} is neither a path nor an http(s) URL`,
    })
    .describe('A path, or a URL; `/*` at the end keeps the rest.'),
  status: z.literal(REDIRECTS).default(308).describe('The status.'),
})

export const routeShape = {
  match: z.union([matchText, matchMap.transform(toMatch)]).describe('`[METHOD|METHOD ]/path`, or a map.'),
  service: z.string().min(1).describe('Another service to send to.'),
  rewrite: z
    .union([absolutePath.transform((path) => ({ path })), rewrite])
    .describe('The path (and host) that the service sees.'),
  redirect: redirect.describe('Sends the client elsewhere.'),
  respond: respond.describe('Answers by itself.'),
  encodedSlashes: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('Whether `%2F` may stand in a path: for a service that takes it for a part of a segment.'),
} as const
