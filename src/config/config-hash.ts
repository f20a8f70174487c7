// The hash of a configuration: of what it says, not of how or where it is written.
import { createHash, type Hash } from 'node:crypto'
import type { Steps } from '../pace.ts'
import { type ConfigMap, isMap } from './places.ts'

/** `services`, a service, its `routes`. */
const DEPTH_OF_ROUTES = 3

/** SHA-256 of the root with its keys in order, without what is ignored, and of `others`. */
export function* hashConfig(
  root: Readonly<Record<string, unknown>>,
  ...others: readonly Readonly<Record<string, string>>[]
): Steps<string> {
  const meant = Object.keys(root).filter((key) => !key.startsWith('x-') && key !== 'use' && key !== 'include')
  const hash = createHash('sha256')
  for (const key of meant.sort()) {
    const value = root[key]
    hash.update(`${JSON.stringify(key)}:`)
    if (isMap(value)) yield* updateWithMap(hash, value, 1)
    else hash.update(`${canonical(value)},`)
  }
  return hash.update(others.map(canonical).join('')).digest('hex')
}

/** Value by value: all of `services` as one text would be megabytes in one go. */
function* updateWithMap(hash: Hash, map: ConfigMap, depth: number): Steps<void> {
  hash.update('{')
  for (const key of Object.keys(map).sort()) {
    const value = map[key]
    hash.update(`${JSON.stringify(key)}:`)
    if (isMap(value) && depth < DEPTH_OF_ROUTES) yield* updateWithMap(hash, value, depth + 1)
    else hash.update(`${canonical(value)},`)
    yield
  }
  hash.update('}')
}

// Built by concatenation: 10,000 routes are 70,000 values, and arrays to join cost twice as much.
function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    let text = '['
    for (let at = 0; at < value.length; at++) text += `${at > 0 ? ',' : ''}${canonical(value[at])}`
    return `${text}]`
  }
  if (!isMap(value)) return JSON.stringify(value) ?? 'null'
  const keys = Object.keys(value)
  if (keys.length > 1) keys.sort()
  let text = '{'
  for (const key of keys)
    text += `${text.length > 1 ? ',' : ''}${JSON.stringify(key)}:${canonical(value[key])}`
  return `${text}}`
}
