// The hash of a configuration: of what it says, not of how or where it is written.
import { createHash } from 'node:crypto'
import { isMap } from './places.ts'

/** SHA-256 of the root with its keys in order, without what is ignored. */
export function hashConfig(
  root: Readonly<Record<string, unknown>>,
  used: Readonly<Record<string, string>>,
): string {
  const meant = Object.keys(root).filter((key) => !key.startsWith('x-') && key !== 'use' && key !== 'include')
  const entries = meant.sort().map((key) => `${JSON.stringify(key)}:${canonical(root[key])}`)
  return createHash('sha256')
    .update(`{${entries.join(',')}}${canonical(used)}`)
    .digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isMap(value)) return JSON.stringify(value)
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${entries.join(',')}}`
}
