// The `:name` values of a matched path.
import type { PathPattern } from './path-pattern.ts'

export type RouteParams = Readonly<Record<string, string>>

const NO_PARAMS: RouteParams = Object.freeze(Object.create(null) as Record<string, string>)

export function readParams(pattern: PathPattern, path: string): RouteParams {
  let params: Record<string, string> | undefined
  let start = 1
  for (const segment of pattern.segments) {
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    if (segment.kind === 'param') {
      // Without a prototype, so that a parameter may have any name.
      params ??= Object.create(null) as Record<string, string>
      params[segment.text] = decode(path.slice(start, end))
    }
    start = end + 1
  }
  return params ?? NO_PARAMS
}

function decode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // `%FF` is a legal triplet but no UTF-8: handed on as it was sent.
    return text
  }
}
