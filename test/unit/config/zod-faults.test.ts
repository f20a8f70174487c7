// zod's issues in the words of the config: any schema of any plugin.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { dotted } from '../../../src/config/fault.ts'
import { findIssues } from '../../../src/config/zod-faults.ts'

const told = (schema: z.ZodType, input: unknown): readonly string[] => {
  const outcome = findIssues(schema, input)
  if ('value' in outcome) return []
  return outcome.findings.map(({ path, message, hint, kind }) =>
    [dotted(path), kind === 'value' ? '' : `<${kind}>`, message, hint && `(${hint})`]
      .filter(Boolean)
      .join(' '),
  )
}

describe('the wrong kind of value', () => {
  it.each([
    [z.string(), 5, '5 is not a text'],
    [z.number(), 'five', '"five" is not a number'],
    [z.int(), 1.5, '1.5 is not a whole number'],
    [z.boolean(), 'yes', '"yes" is not true or false'],
    [z.array(z.string()), 'a', '"a" is not a list'],
    [z.strictObject({}), [], 'a list is not a map'],
    [z.record(z.string(), z.string()), null, 'has no value: a map is expected'],
    [z.string(), {}, 'a map is not a text'],
    [z.number(), 'x'.repeat(100), `"${'x'.repeat(59)}..." is not a number`],
  ])('%# is told', (schema, input, message) => {
    expect(told(schema, input)).toEqual([message])
  })
})

describe('a value out of bounds', () => {
  it.each([
    [z.number().min(3), 2, '2 is out of range: at least 3'],
    [z.number().max(3), 4, '4 is out of range: at most 3'],
    [z.number().gt(3), 3, '3 is out of range: more than 3'],
    [z.number().lt(3), 3, '3 is out of range: less than 3'],
    [z.string().min(1), '', 'the text is empty'],
    [z.string().min(3), 'ab', 'the text has 2 characters: at least 3 is right'],
    [z.string().max(1), 'ab', 'the text has 2 characters: at most 1 is right'],
    [z.array(z.int()).max(1), [1, 2], 'the list has 2 entries: at most 1 is right'],
    [z.email(), 'x', '"x" is not a valid email'],
    [z.string().regex(/a/), 'x', '"x" is not a valid value'],
  ])('%# is told', (schema, input, message) => {
    expect(told(schema, input)).toEqual([message])
  })
})

describe('a union', () => {
  const target = z.union([
    z.literal('none'),
    z.string().startsWith('/'),
    z.strictObject({ use: z.string(), scopes: z.array(z.string()).optional() }),
  ])

  it('is told by the branch that was meant', () => {
    expect(told(target, { uze: 'x' })).toEqual(['use <missingKey>', 'uze <unknownKey> (did you mean "use"?)'])
    expect(told(target, { use: 'x', scopes: [1] })).toEqual(['scopes[0] 1 is not a text'])
  })

  it('is told by all its kinds when none was meant', () => {
    expect(told(z.union([z.literal('none'), z.int(), z.array(z.string())]), true)).toEqual([
      'true is not none, a number or a list',
    ])
    expect(told(z.union([z.literal('none'), z.union([z.literal('some'), z.int()])]), 'som')).toEqual([
      '"som" is not none, some or a number (did you mean "some"?)',
    ])
  })

  it('is told in its own words where it has some', () => {
    expect(told(z.union([z.int(), z.array(z.int())], { error: 'a number or numbers' }), {})).toEqual([
      'a number or numbers',
    ])
  })

  it('lets a schema of texts speak of a bare number', () => {
    const duration = z.string({ error: ({ input }) => `${input} is not a duration` })
    expect(told(z.union([duration, z.strictObject({ total: duration })]), 10)).toEqual([
      '10 is not a duration (write 10s or 10ms)',
    ])
  })

  it('inside a list or a map is told at its place', () => {
    const list = z.union([target, z.array(target)])
    expect(told(list, ['none', { use: 5 }])).toEqual(['[1].use 5 is not a text'])
    expect(
      told(z.union([z.int(), z.strictObject({ a: z.union([z.int(), z.strictObject({ b: z.int() })]) })]), {
        a: { b: 'x' },
      }),
    ).toEqual(['a.b "x" is not a number'])
  })

  it('prefers the branch of the right word over the one with fewer faults', () => {
    const kinds = z.union([
      z.strictObject({ type: z.literal('jwt'), issuer: z.string(), audience: z.string() }),
      z.strictObject({ type: z.literal('key'), header: z.string() }),
    ])
    expect(told(kinds, { type: 'jwt' })).toEqual(['issuer <missingKey>', 'audience <missingKey>'])
  })

  it('that is missing is missing', () => {
    expect(told(z.strictObject({ a: z.union([z.int(), z.string()]) }), {})).toEqual(['a <missingKey>'])
  })

  it('by a discriminator is told by it', () => {
    const provider = z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('jwt'), issuer: z.string() }),
      z.strictObject({ type: z.literal('apiKey') }),
    ])
    expect(told(provider, { type: 'jwtt' })).toEqual([
      'type "jwtt" is not jwt or apiKey (did you mean "jwt"?)',
    ])
    expect(told(provider, { type: 5 })).toEqual(['type 5 is not jwt or apiKey'])
    expect(told(provider, {})).toEqual(['type <missingKey> (one of jwt, apiKey)'])
    expect(told(provider, { type: 'jwt', issuer: 1 })).toEqual(['issuer 1 is not a text'])
  })
})

describe('keys', () => {
  it('that are unknown are told one by one, with the nearest known one', () => {
    expect(
      told(z.strictObject({ attempts: z.int().optional(), backoff: z.int().optional() }), {
        attempt: 1,
        zzz: 2,
      }),
    ).toEqual([
      'attempt <unknownKey> (did you mean "attempts"?)',
      'zzz <unknownKey> (known: attempts, backoff)',
    ])
  })

  it('of a record that are none are told at the key', () => {
    const names = z.record(z.string().regex(/^[a-z]+$/, { error: 'a name is small' }), z.int())
    expect(told(names, { A: 1 })).toEqual(['A <key> a name is small'])
  })

  it('that are missing are told, whatever the schema says of other values', () => {
    const unit = z.string({ error: ({ input }) => `${input} is not a duration` })
    expect(told(z.strictObject({ every: unit }), {})).toEqual(['every <missingKey>'])
  })
})

it('a word that is none is told with all that are, and the nearest', () => {
  expect(told(z.enum(['local', 'allow', 'refuse']), 'alow')).toEqual([
    '"alow" is not local, allow or refuse (did you mean "allow"?)',
  ])
  expect(told(z.enum(['local', 'allow']), 'xyz')).toEqual(['"xyz" is not local or allow'])
  expect(told(z.literal(1), 2)).toEqual(['2 is not 1'])
})

it('a refinement is told as it says', () => {
  expect(
    told(
      z.strictObject({ a: z.int() }).refine(() => false, { error: 'contradicts itself' }),
      { a: 1 },
    ),
  ).toEqual(['contradicts itself'])
})
