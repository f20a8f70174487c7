// One value against one schema, with what a config forgives: `x-*` keys, and numbers and switches from variables.
import type { z } from 'zod'
import { createMap, isMap } from './places.ts'
import type { Untyped } from './substitute.ts'
import { type Finding, findIssues, type Verdict } from './zod-faults.ts'

/** Where the value stands: `container[key]`. */
export interface Slot {
  readonly container: object
  readonly key: string | number
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,10})?$/
/** Each round takes out what the round before has shown. */
const MAX_ROUNDS = 4

export function validate(schema: z.ZodType, slot: Slot, untyped: Untyped): Verdict {
  const box: Box = [(slot.container as Record<string | number, unknown>)[slot.key]]
  let outcome = findIssues(schema, box[0])
  for (let round = 1; round < MAX_ROUNDS && 'findings' in outcome; round++) {
    const ignored = outcome.findings
      .filter(isIgnoredKey)
      .map(({ path }): Edit => ({ path, value: undefined }))
    if (ignored.length === 0) return withTypes(schema, { box, slot, outcome, untyped })
    edit(box, ignored)
    outcome = findIssues(schema, box[0])
  }
  return outcome
}

interface Attempt {
  readonly box: Box
  readonly slot: Slot
  readonly outcome: { readonly findings: readonly Finding[] }
  readonly untyped: Untyped
}

/** Once more with text from variables read as numbers and switches, where it is wrong as text. */
function withTypes(schema: z.ZodType, { box, slot, outcome, untyped }: Attempt): Verdict {
  const edits = outcome.findings.flatMap(({ path }): Edit[] => {
    const value = retyped(path, slot, untyped)
    return value === undefined ? [] : [{ path, value }]
  })
  if (edits.length === 0) return outcome
  edit(box, edits)
  const second = findIssues(schema, box[0])
  return 'value' in second || second.findings.length < outcome.findings.length ? second : outcome
}

function isIgnoredKey({ kind, path }: Finding): boolean {
  return kind === 'unknownKey' && String(path.at(-1)).startsWith('x-')
}

/** The value in a list of one, so that it can be replaced like any other. */
type Box = [unknown]

interface Edit {
  readonly path: readonly (string | number)[]
  /** Undefined: the key is taken out. */
  readonly value: number | boolean | undefined
}

function retyped(
  path: readonly (string | number)[],
  slot: Slot,
  untyped: Untyped,
): number | boolean | undefined {
  let { container, key }: Slot = slot
  for (const next of path) {
    const below = (container as Record<string | number, unknown>)[key]
    if (typeof below !== 'object' || below === null) return undefined
    container = below
    key = next
  }
  if (!untyped.get(container)?.has(key)) return undefined
  const text = (container as Record<string | number, string>)[key]!
  if (text === 'true' || text === 'false') return text === 'true'
  return NUMBER.test(text) ? Number(text) : undefined
}

function edit(box: Box, edits: readonly Edit[]): void {
  box[0] = copy(box[0])
  for (const one of edits) apply(one, box)
}

function apply(edit: Edit, box: Box): void {
  let container = box as unknown as Record<string | number, unknown>
  let key: string | number = 0
  for (const next of edit.path) {
    container = container[key] as Record<string | number, unknown>
    key = next
  }
  if (edit.value === undefined) delete container[key]
  else container[key] = edit.value
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (!isMap(value)) return value
  const map = createMap()
  for (const key of Object.keys(value)) map[key] = copy(value[key])
  return map
}
