// Values with units as zod schemas: `3s`, `100/min`, `50%`, `64KiB`. A bare number is an error that says the fix.
import { z } from 'zod'

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const DURATION_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const RATE = /^(\d+)\/(?:(\d+))?(s|min|h|d)$/
const RATE_MS: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const PERCENT = /^(\d+(?:\.\d+)?)%$/
const SIZE = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|KiB|MiB|GiB)$/
const SIZE_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

/** Filled in when a config is read. */
type Placeholder = `\${${string}}`

/** How the units are written, for whoever writes a config in TypeScript. */
export type DurationText = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | Placeholder
type Period = 's' | 'min' | 'h' | 'd'
export type RateText = `${number}/${Period}` | `${number}/${number}${Period}` | Placeholder
export type PercentText = `${number}%` | Placeholder

/** A count per period: `{ count: 100, periodMs: 60000 }` for `100/min`. */
export interface Rate {
  readonly count: number
  readonly periodMs: number
}

/** `10s`, `500ms`, `2m`, `1h`, `1d` -> milliseconds. */
export const duration: z.ZodType<number, DurationText> = unit(
  'a duration with a unit, like 10s or 500ms',
  DURATION,
  parseDuration,
)

/** `100/min`, `10/s`, `5000/h`, `1/d`, `100/10s` -> count and period. */
export const rate: z.ZodType<Rate, RateText> = unit(
  'a rate like 100/min (units: s, min, h, d)',
  RATE,
  parseRate,
)

/** `50%` -> 0.5. From 0% to 100%. */
export const percent: z.ZodType<number, PercentText> = unit('a share like 50%', PERCENT, parsePercent)

/** `64KiB`, `10MB` -> bytes. */
export const size: z.ZodType<number, string> = unit('a size like 64KiB or 10MB', SIZE, parseSize)

function parseDuration(text: string): number | undefined {
  const [, amount, name] = DURATION.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * DURATION_MS[name!]!
}

function parseRate(text: string): Rate | undefined {
  const [, count, multiple, name] = RATE.exec(text) ?? []
  if (count === undefined || Number(count) === 0 || Number(multiple ?? 1) === 0) return undefined
  return { count: Number(count), periodMs: Number(multiple ?? 1) * RATE_MS[name!]! }
}

function parsePercent(text: string): number | undefined {
  const amount = Number(PERCENT.exec(text)?.[1] ?? Number.NaN)
  return amount <= 100 ? amount / 100 : undefined
}

function parseSize(text: string): number | undefined {
  const [, amount, name] = SIZE.exec(text) ?? []
  return amount === undefined ? undefined : Math.floor(Number(amount) * SIZE_BYTES[name!.toLowerCase()]!)
}

/** `Written` are the texts that a compiler can tell to be right; the pattern judges them all. */
function unit<T, Written extends string>(
  expected: string,
  pattern: RegExp,
  parse: (text: string) => T | undefined,
): z.ZodType<T, Written> {
  const error = (issue: { readonly input?: unknown }) => `${JSON.stringify(issue.input)} is not ${expected}`
  const schema = z
    .string({ error })
    .regex(pattern, { error })
    .transform((text, refinement): T => {
      const parsed = parse(text)
      if (parsed !== undefined) return parsed
      refinement.addIssue({ code: 'custom', message: error({ input: text }) })
      return z.NEVER
    })
    .describe(expected)
  return schema as unknown as z.ZodType<T, Written>
}

// RFC 6454 section 6.2 for schemes that `URL` knows no origin of: capacitor://localhost.
const OTHER_ORIGIN = /^(?!https?:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._[\]:-]+$/

/** An origin as browsers send it: exact, so that no pattern lets a stranger in. */
export const origin = z
  .string()
  .refine(isOrigin, {
    error: ({ input }) =>
      `${JSON.stringify(input)} is not an origin as browsers send it: scheme, host and port alone, in lower ` +
      'case, like https://app.example.com',
  })
  .describe('https://app.example.com')

function isOrigin(text: string): boolean {
  if (OTHER_ORIGIN.test(text)) return true
  // `URL` takes `*` for a host name; no browser ever sends one.
  return /^https?:[^*]*$/.test(text) && URL.canParse(text) && new URL(text).origin === text
}
