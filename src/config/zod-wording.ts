// What zod finds, in words: the value as it was written, and what was expected instead.
import type { core, z } from 'zod'

type RawIssue = core.$ZodRawIssue

/** Stands for a message that no schema has replaced by its own. */
export const UNION = 'union'
const MAX_SHOWN = 60

export const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

/** For `safeParse`: the message of an issue whose schema has none of its own. The same for the finished issue. */
export function wording(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys':
      return Object.keys((issue.inst as z.ZodObject | undefined)?._zod.def.shape ?? {}).join('\n')
    case 'invalid_union':
      return issue['note'] ? undefined : UNION
    case 'invalid_type':
      if (issue.input === null) return `has no value: ${TYPES[issue.expected] ?? issue.expected} is expected`
      return `${show(issue.input)} is not ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `${show(issue.input)} is not ${either(issue.values.map(String))}`
    case 'too_small':
      return bound(issue, 'at least', issue.minimum)
    case 'too_big':
      return bound(issue, 'at most', issue.maximum)
    case 'invalid_format':
      return `${show(issue.input)} is not a valid ${issue.format === 'regex' ? 'value' : issue.format}`
    default:
      return undefined
  }
}

function bound(
  issue: object & { readonly input?: unknown },
  side: 'at least' | 'at most',
  limit: unknown,
): string {
  const { origin, inclusive } = issue as { origin?: string; inclusive?: boolean }
  const size = (issue.input as { length?: number } | undefined)?.length ?? 0
  if (origin === 'array')
    return size === 0 ? 'the list is empty' : `the list has ${size} entries: ${side} ${limit} is right`
  if (origin === 'string')
    return size === 0 ? 'the text is empty' : `the text has ${size} characters: ${side} ${limit} is right`
  const strict = side === 'at least' ? 'more than' : 'less than'
  return `${show(issue.input)} is out of range: ${inclusive === false ? strict : side} ${limit}`
}

/** The value as it was written, short enough for one line. */
export function show(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}..."` : text
}

export function either(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'valid'
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
