// New paths from matched ones: `:name` takes the segment as it was sent, `/*` takes the rest.
import { type PathPattern, parsePathPattern, parsePathTemplate } from './path-pattern.ts'
import { PatternError } from './route-pattern.ts'

/** Turns a path that the pattern matches into a new one. */
export type PathTemplate = (path: string) => string

/** Throws a PatternError when the template asks for what the pattern does not have. */
export function compilePathTemplate(pattern: string, template: string): PathTemplate {
  const matched = parsePathPattern(pattern)
  const wanted = parsePathTemplate(template)
  if (wanted.prefix && !matched.prefix) {
    throw new PatternError(
      `"${template}" carries the rest of the path, so the match "${pattern}" must end in /*`,
    )
  }
  const parts = wanted.segments.map((segment) =>
    segment.kind === 'text'
      ? literal(segment.text, matched)
      : positionOf(segment.text, matched, { pattern, template }),
  )
  const fixed = parts.every((part) => typeof part === 'string') ? parts.join('/') : undefined
  return (path) => {
    const head = fixed ?? fill(parts, path)
    const rest = wanted.prefix ? restOf(path, matched.segments.length) : ''
    return parts.length === 0 ? rest || '/' : `/${head}${rest}`
  }
}

function literal(text: string, matched: PathPattern): string {
  const meant = matched.segments.find(({ kind, text: name }) => kind === 'param' && text.includes(`:${name}`))
  if (!meant) return text
  throw new PatternError(`":${meant.text}" in "${text}" must be a whole segment: /:${meant.text}`)
}

function positionOf(
  name: string,
  matched: PathPattern,
  texts: { readonly pattern: string; readonly template: string },
): number {
  const at = matched.segments.findIndex((segment) => segment.kind === 'param' && segment.text === name)
  if (at >= 0) return at
  throw new PatternError(
    `"${texts.template}" uses ":${name}", which the match "${texts.pattern}" does not name`,
  )
}

// The raw segment, not the decoded parameter: what was an encoded slash or dot for the client stays one.
function fill(parts: readonly (string | number)[], path: string): string {
  const sent = path.slice(1).split('/')
  return parts.map((part) => (typeof part === 'string' ? part : (sent[part] ?? ''))).join('/')
}

function restOf(path: string, segments: number): string {
  let at = 0
  for (let skipped = 0; skipped < segments && at >= 0; skipped++) at = path.indexOf('/', at + 1)
  return at < 0 ? '' : path.slice(at)
}
