// zod's issues in the words of the config: the branch of a union that was meant, known keys, a value as it was written.
import type { core, z } from 'zod'
import { suggest } from './suggest.ts'
import { either, show, TYPES, UNION, wording } from './zod-wording.ts'

/** A fault relative to the value that was checked. */
export interface Finding {
  readonly path: readonly (string | number)[]
  /** What is wrong; '' for an unknown or missing key, which the place itself tells. */
  readonly message: string
  readonly hint?: string | undefined
  readonly kind: 'value' | 'key' | 'unknownKey' | 'missingKey'
}

export type Verdict = { readonly value: unknown } | { readonly findings: readonly Finding[] }

type Issue = core.$ZodIssue

/** What the schema makes of `input`, or all that is wrong with it. */
export function findIssues(schema: z.ZodType, input: unknown): Verdict {
  const result = schema.safeParse(input, { error: wording, reportInput: true })
  return result.success ? { value: result.data } : { findings: result.error.issues.flatMap(toFindings) }
}

function toFindings(issue: Issue): readonly Finding[] {
  const path = issue.path as (string | number)[]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: '',
        hint: suggest(key, issue.message.split('\n')),
        kind: 'unknownKey',
      }))
    case 'invalid_union':
      return unionFindings(issue, path)
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? issue.message, kind: 'key' }]
    default:
      return [valueFinding(issue, path)]
  }
}

function valueFinding(issue: Issue, path: readonly (string | number)[]): Finding {
  if (issue.input === undefined && path.length > 0 && issue.code !== 'custom') {
    return { path, message: '', kind: 'missingKey' }
  }
  const hint = hintOf(issue)
  return { path, message: issue.message, hint, kind: 'value' }
}

function hintOf(issue: Issue): string | undefined {
  if (issue.code === 'custom') return issue.params?.['hint'] as string | undefined
  const text = issue.input
  if (typeof text === 'number' && issue.message.includes('is not a duration'))
    return `write ${text}s or ${text}ms`
  return issue.code === 'invalid_value' && typeof text === 'string' ? nearWord(text, issue.values) : undefined
}

function nearWord(text: string, values: readonly unknown[]): string | undefined {
  const hint = suggest(
    text,
    values.filter((value) => typeof value === 'string'),
  )
  return hint?.startsWith('did you mean') ? hint : undefined
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>

function unionFindings(issue: UnionIssue, path: readonly (string | number)[]): readonly Finding[] {
  const prefix = (findings: readonly Finding[]) =>
    findings.map((one) => ({ ...one, path: [...path, ...one.path] }))
  if (issue.errors.length === 0) return [discriminatorFinding(issue, path)]
  const best = [...issue.errors].sort((a, b) => misfit(a) - misfit(b))[0]!
  if (misfit(best) < WRONG_KIND) return prefix(best.flatMap(toFindings))
  if (issue.input === undefined && path.length > 0) return [{ path, message: '', kind: 'missingKey' }]
  const own = isScalar(issue.input) ? issue.errors.flat().find(hasOwnMessage) : undefined
  if (own) return [valueFinding(own, path)]
  if (issue.message !== UNION) return [{ path, message: issue.message, kind: 'value' }]
  return [kindFinding(issue, path)]
}

// What a schema says itself of a number or word (`10 is not a duration ...`) tells more than the kinds of a union.
function hasOwnMessage(issue: Issue): boolean {
  return (
    issue.path.length === 0 &&
    issue.code === 'invalid_type' &&
    issue.message !== wording(issue as core.$ZodRawIssue)
  )
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string'
}

/** An issue at the very value says that another kind of value was meant. */
const WRONG_KIND = 1000
const WRONG_WORD = 10

function misfit(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + misfitOf(issue), 0)
}

function misfitOf(issue: Issue): number {
  const isHere = issue.path.length === 0
  if (isHere && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return WRONG_KIND
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const best = Math.min(...issue.errors.map(misfit))
    return isHere ? best : Math.min(best, WRONG_WORD)
  }
  return issue.code === 'invalid_value' ? WRONG_WORD : 1
}

function kindFinding(issue: UnionIssue, path: readonly (string | number)[]): Finding {
  const words = new Set<string>()
  const types = new Set<string>()
  for (const one of issue.errors.flatMap(leaves)) {
    if (one.code === 'invalid_value') for (const value of one.values) words.add(String(value))
    else if (one.code === 'invalid_type') types.add(TYPES[one.expected] ?? one.expected)
  }
  const expected = [...words, ...types]
  const hint = typeof issue.input === 'string' ? nearWord(issue.input, [...words]) : undefined
  return {
    path,
    message: `${show(issue.input)} is not ${either(expected)}`,
    hint,
    kind: 'value',
  }
}

function leaves(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => (issue.code === 'invalid_union' ? issue.errors.flatMap(leaves) : [issue]))
}

function discriminatorFinding(issue: UnionIssue, path: readonly (string | number)[]): Finding {
  const options = ('options' in issue ? (issue.options ?? []) : []).map(String)
  const given = (issue.input as Record<string, unknown> | undefined)?.[String(path.at(-1))]
  if (given === undefined)
    return { path, message: '', hint: `one of ${options.join(', ')}`, kind: 'missingKey' }
  const hint = typeof given === 'string' ? nearWord(given, options) : undefined
  return { path, message: `${show(given)} is not ${either(options)}`, hint, kind: 'value' }
}
