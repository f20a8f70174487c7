// The settings of `webSocket`: who may open one, how many, and how long it may live.
import { z } from 'zod'
import { duration, origin, size } from '../../src/plugin.ts'

const MAX_OPEN = 1_000_000
const MAX_MESSAGE_BYTES = 2 ** 30
const MAX_IDLE_MS = 86_400_000
// A Node timer of more than 2^31 ms fires at once: no socket would live.
const MAX_LIFETIME_MS = 7 * 86_400_000

const parts = z.strictObject({
  origins: z
    .union([z.literal('*'), z.array(origin).min(1)], {
      error: 'expected "*" or a list of origins like https://app.example.com',
    })
    .optional()
    .describe(
      'Pages of which origins may open one: exactly these, or "*" for every one. Without it only pages of the ' +
        'host that is asked. Programs that send no Origin are not asked for one.',
    ),
  idle: duration
    .refine((ms) => ms > 0 && ms <= MAX_IDLE_MS, { error: 'idle is more than 0 and at most 1d' })
    .prefault('10m')
    .describe('How long a connection may be silent in both directions; pings count as well.'),
  lifetime: duration
    .refine((ms) => ms > 0 && ms <= MAX_LIFETIME_MS, { error: 'a lifetime is more than 0 and at most 7d' })
    .prefault('1d')
    .describe('How long a connection may live at all.'),
  message: size
    .refine((bytes) => bytes >= 1 && bytes <= MAX_MESSAGE_BYTES, {
      error: 'a message has at least 1 byte and at most 1GiB',
    })
    .prefault('16MiB')
    .describe('Size of one message, in either direction and over all of its frames, as it is on the wire.'),
  untilExpiry: z
    .boolean()
    .default(true)
    .describe(
      'Whether a connection ends with the token that opened it; API keys and certificates have no end.',
    ),
  limit: z
    .int()
    .min(1)
    .max(MAX_OPEN)
    .default(10_000)
    .describe('Connections that may be open at once, on each node; shared out over its workers.'),
})

export type WebSocketSettings = z.output<typeof parts>

export const settings = z.union([z.literal(true).transform(() => parts.parse({})), parts], {
  error: 'expected true, or an object with origins, idle, lifetime, message, untilExpiry, limit',
})
