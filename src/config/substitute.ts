// Puts environment variables, files and secrets into the scalars of a parsed config: after parsing, and only once.
import { dirname, resolve } from 'node:path'
import type { Steps } from '../pace.ts'
import type { ConfigFault, Path } from './fault.ts'
import type { FileCopies } from './file-copies.ts'
import { PLACEHOLDER, type Placeholder, parsePlaceholder } from './placeholders.ts'
import { type ConfigMap, isMap } from './places.ts'
import { unreadable } from './read-text.ts'
import type { Secrets } from './secrets.ts'
import { isInside, isWorldReadable, readValue, secretsDirectory } from './value-files.ts'

export interface Substitution {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly secrets: Secrets
  /** Every file that was read or asked for. */
  readonly files: Set<string>
  readonly copies: FileCopies
  readonly untyped: Untyped
  refuse(fault: ConfigFault): void
  warn(warning: ConfigFault): void
}

/** container -> keys whose whole text came from the environment: the only text that may mean a number or a switch. */
export type Untyped = Map<object, Set<string | number>>

export interface Scope {
  readonly path: Path
  /** The file that it is written in, absolute. */
  readonly file: string
  /** For an included file: the only directory that `${file:}` may read from. */
  readonly jail: string | undefined
}

/** What came from one variable alone. */
const WHOLE_VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}$/

/** Fills `container[key]`, and everything below it, in place; keys are left alone. */
export function* substituteAt(
  container: ConfigMap | unknown[],
  key: string | number,
  scope: Scope,
  state: Substitution,
): Steps<void> {
  const slots = container as Record<string | number, unknown>
  const value = slots[key]
  if (typeof value === 'object') yield* substituteBelow(value, below(scope, key), state)
  else if (typeof value === 'string' && value.includes('${')) {
    slots[key] = fill(value, below(scope, key), state)
    if (WHOLE_VARIABLE.test(value)) markUntyped(container, key, state)
  }
}

function* substituteBelow(container: unknown, scope: Scope, state: Substitution): Steps<void> {
  yield
  if (Array.isArray(container)) {
    for (let at = 0; at < container.length; at++) yield* substituteAt(container, at, scope, state)
  } else if (isMap(container)) {
    for (const key of Object.keys(container)) yield* substituteAt(container, key, scope, state)
  }
}

function markUntyped(container: object, key: string | number, { untyped }: Substitution): void {
  const keys = untyped.get(container) ?? new Set()
  untyped.set(container, keys.add(key))
}

function below(scope: Scope, key: string | number): Scope {
  return { ...scope, path: [...scope.path, key] }
}

/** Undefined when something is missing; the faults say what. */
function fill(text: string, scope: Scope, state: Substitution): string | undefined {
  let isComplete = true
  let isSecret = false
  const filled = text.replace(PLACEHOLDER, (whole, body: string | undefined) => {
    if (body === undefined) return whole.slice(1)
    const placeholder = parsePlaceholder(body)
    const value = resolvePlaceholder(placeholder, scope, state)
    isComplete &&= value !== undefined
    isSecret ||= placeholder.kind === 'file' || placeholder.kind === 'secret'
    if (isSecret && value !== undefined) state.secrets.add(value)
    return value ?? ''
  })
  if (isSecret) state.secrets.add(filled)
  return isComplete ? filled : undefined
}

type Resolved = string | undefined

function resolvePlaceholder(placeholder: Placeholder, scope: Scope, state: Substitution): Resolved {
  switch (placeholder.kind) {
    case 'env':
      return readVariable(placeholder, scope, state)
    case 'file':
      return readFileValue(placeholder.path, scope, state)
    case 'secret':
      return readSecret(placeholder.name, scope, state)
    case 'unknown':
      return refuse(state, scope, {
        message: `\${${placeholder.text}} is not a placeholder`,
        hint: `write \${NAME}, \${NAME:-default}, \${file:/path} or \${secret:NAME}; $\${ stands for a plain \${`,
      })
  }
}

// As in a shell: `:-` also replaces a value that is set but empty.
function readVariable(
  { name, fallback }: { readonly name: string; readonly fallback: string | undefined },
  scope: Scope,
  state: Substitution,
): Resolved {
  const value = state.env[name]
  if (fallback !== undefined) return value || fallback
  if (value !== undefined) return value
  return refuse(state, scope, {
    message: `the environment variable ${name} is not set`,
    hint: `set it, or write \${${name}:-default}`,
  })
}

function readSecret(name: string, scope: Scope, state: Substitution): Resolved {
  const value = state.env[name]
  if (value !== undefined) return value
  const path = resolve(secretsDirectory(state.env), name)
  state.files.add(path)
  try {
    return state.copies.value(path) ?? state.copies.keepValue(path, readValue(path))
  } catch (error) {
    return refuse(state, scope, {
      message: `the secret ${name} is missing: ${path} ${unreadable(error)}`,
      hint: `set the environment variable ${name}, or write that file`,
    })
  }
}

function readFileValue(written: string, scope: Scope, state: Substitution): Resolved {
  const path = resolve(dirname(scope.file), written)
  const copied = state.copies.value(path)
  // A team's file must not carry the platform's keys to the team's own service.
  if (copied === undefined && scope.jail !== undefined && !isInside(path, scope.jail)) {
    const message = `an included file may not read ${written}`
    return refuse(state, scope, { message, hint: `it may read below ${scope.jail}, or use \${secret:NAME}` })
  }
  state.files.add(path)
  if (copied !== undefined) return copied
  try {
    warnOfReadable(path, scope, state)
    return state.copies.keepValue(path, readValue(path))
  } catch (error) {
    return refuse(state, scope, { message: `${written} ${unreadable(error)}` })
  }
}

// Docker and Kubernetes mount secrets readable for all of the container, so their directory is left alone.
function warnOfReadable(path: string, scope: Scope, state: Substitution): void {
  if (isInside(path, secretsDirectory(state.env)) || !isWorldReadable(path)) return
  const message = `${path} can be read by every user of this machine`
  state.warn({ path: scope.path, message, hint: `chmod o-r ${path}` })
}

function refuse(
  state: Substitution,
  scope: Scope,
  fault: { readonly message: string; readonly hint?: string },
): undefined {
  state.refuse({ path: scope.path, ...fault })
}
