// The structural keys of one map, each against its own schema, so that one fault hides no other.
import type { z } from 'zod'
import type { Path } from './fault.ts'
import { addFindings } from './findings.ts'
import type { LoadState } from './load-state.ts'
import type { ConfigMap } from './places.ts'
import { validate } from './validate.ts'

type Shape = Readonly<Record<string, z.ZodType>>

/** `undefined` for a key that is left out without a default, or wrong. */
export type Structure<S extends Shape> = { readonly [K in keyof S]: z.output<S[K]> | undefined }

const defaults = new WeakMap<z.ZodType, { readonly value: unknown }>()

export function readStructure<S extends Shape>(
  shape: S,
  { map, path }: { readonly map: ConfigMap; readonly path: Path },
  state: LoadState,
): Structure<S> {
  const structure: Record<string, unknown> = {}
  for (const key of Object.keys(shape)) {
    const schema = shape[key]!
    structure[key] = key in map ? readKey(schema, { map, path, key }, state) : defaultOf(schema)
  }
  return structure as Structure<S>
}

function readKey(
  schema: z.ZodType,
  { map, path, key }: { readonly map: ConfigMap; readonly path: Path; readonly key: string },
  state: LoadState,
): unknown {
  const verdict = validate(schema, { container: map, key }, state.untyped)
  if ('value' in verdict) return verdict.value
  addFindings(verdict.findings, [...path, key], state)
  return undefined
}

function defaultOf(schema: z.ZodType): unknown {
  let known = defaults.get(schema)
  if (!known) {
    const parsed = schema.safeParse(undefined)
    known = { value: parsed.success ? parsed.data : undefined }
    defaults.set(schema, known)
  }
  return known.value
}
