// `limits`: what one client, and all clients together, may cost the gateway.
import { z } from 'zod'
import { duration, size } from '../units.ts'

const someTime = duration.refine((ms) => ms >= 1 && ms <= DAY_MS, {
  error: ({ input }) => `${input}ms is out of range: from 1ms to 1d`,
})
const DAY_MS = 86_400_000

const bytes = (least: number, most: number) =>
  size.refine((value) => value >= least && value <= most, {
    error: ({ input }) => `${input} bytes are out of range: from ${least} to ${most}`,
  })

const KIB = 1024
const MIB = 1024 * KIB

const http2 = z.strictObject({
  streams: z.int().min(1).max(10_000).default(100).describe('Requests at once on one connection.'),
  resets: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Requests that a client may take back at once, or send as heads that are refused.'),
  resetsPerSecond: z.int().min(1).max(10_000).default(20).describe('How fast that budget fills again.'),
  memory: bytes(MIB, 1024 * MIB)
    .prefault('16MiB')
    .describe('Of one connection: for what it keeps open, and as much for bodies that wait.'),
})

export const limits = z.strictObject({
  headerBytes: bytes(KIB, MIB).prefault('16KiB').describe('Size of a request head.'),
  headers: z.int().min(10).max(1000).default(100).describe('Fields of a request head.'),
  urlBytes: bytes(256, 64 * KIB)
    .prefault('8KiB')
    .describe('Length of a request target.'),
  headersTimeout: someTime.prefault('10s').describe('For a request head, a TLS handshake, a PROXY header.'),
  requestTimeout: someTime.prefault('5m').describe('For a whole request with its body.'),
  keepAliveTimeout: someTime.prefault('75s').describe('How long a connection may idle between requests.'),
  connections: z.int().min(1).max(1_000_000).default(20_000).describe('Open connections of clients.'),
  connectionsPerClient: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe(
      'The same of one client address (of one /64 network for IPv6); proxies of `trustProxy` are not counted.',
    ),
  requestsPerConnection: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('After so many the connection ends; no bound without it.'),
  bodyRate: bytes(1, 1024 * MIB)
    .prefault('500B')
    .describe('What a body must bring in each second on average.'),
  bodyGrace: someTime.prefault('10s').describe('How long a body may come slower than that.'),
  callSilence: someTime
    .prefault('5m')
    .describe('How long nothing may come of a call of gRPC before it is answered.'),
  writeTimeout: someTime.prefault('30s').describe('How long a client may take nothing of its answer.'),
  http2: http2.prefault({}).describe('Limits of HTTP/2.'),
})
