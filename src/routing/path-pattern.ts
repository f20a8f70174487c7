// Path patterns: `/a`, `/a/:id`, `/a/*`, parsed to segments and ordered by how specific they are.
import { canonicalText, isDotSegment } from './canonical-path.ts'
import { PatternError } from './route-pattern.ts'

export interface PathPattern {
  readonly segments: readonly Segment[]
  /** True for `/*` at the end: this path and everything below it. */
  readonly prefix: boolean
}

/** Canonical text, or the name of a parameter. */
export interface Segment {
  readonly kind: 'text' | 'param'
  readonly text: string
}

const PARAM = /^:[A-Za-z_][A-Za-z0-9_]*$/
// What the canonical path can never hold: such a pattern could only be a mistake.
const IMPOSSIBLE = /[?#\\\s]/

/** Parses the path of a match. Throws a PatternError. */
export function parsePathPattern(path: string): PathPattern {
  const pattern = parsePathTemplate(path)
  const names = pattern.segments.filter((segment) => segment.kind === 'param').map((segment) => segment.text)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new PatternError(`the path ${quote(path)} names ":${twice}" twice`)
  return pattern
}

/** The same grammar for a rewrite or redirect, where a parameter may appear more than once. */
export function parsePathTemplate(path: string): PathPattern {
  if (!path.startsWith('/')) throw new PatternError(`the path ${quote(path)} must start with "/"`)
  if (IMPOSSIBLE.test(path)) {
    throw new PatternError(`the path ${quote(path)} holds "?", "#", "\\" or a space: a path has none of them`)
  }
  const prefix = path.endsWith('/*')
  const written = prefix ? path.slice(0, -2) : path
  const texts = written === '' ? [] : written.slice(1).split('/')
  return {
    segments: texts.map((text, at) => segment(text, path, !prefix && at === texts.length - 1)),
    prefix,
  }
}

/** Equal for two patterns that match the same paths. */
export function pathShape(pattern: PathPattern): string {
  const texts = pattern.segments.map((segment) => (segment.kind === 'param' ? ':' : segment.text))
  return `/${texts.join('/')}${pattern.prefix ? '/*' : ''}`
}

export function pathMatches(pattern: PathPattern, path: string): boolean {
  const texts = path.slice(1).split('/')
  if (pattern.prefix && pattern.segments.length === 0) return true
  if (pattern.prefix ? texts.length < pattern.segments.length : texts.length !== pattern.segments.length) {
    return false
  }
  return pattern.segments.every((segment, at) => segmentMatches(segment, texts[at]!))
}

/** Negative when `a` comes first: segment by segment text, then `:param`, then `/*`. */
export function comparePaths(a: PathPattern, b: PathPattern): number {
  const length = Math.max(a.segments.length, b.segments.length)
  for (let at = 0; at <= length; at++) {
    const order = rankAt(a, at) - rankAt(b, at)
    if (order !== 0) return order
  }
  return 0
}

export function segmentMatches(segment: Segment, text: string): boolean {
  return segment.kind === 'param' ? text !== '' : segment.text === text
}

function rankAt(pattern: PathPattern, at: number): number {
  const segment = pattern.segments[at]
  if (segment) return segment.kind === 'text' ? 0 : 1
  return pattern.prefix ? 2 : 0
}

function segment(text: string, path: string, last: boolean): Segment {
  if (text.startsWith(':')) return param(text, path)
  if (text.includes('*')) {
    throw new PatternError(`the path ${quote(path)} may hold "*" only as its last segment: /a/*`)
  }
  if (text === '' && !last) throw new PatternError(`the path ${quote(path)} has an empty segment ("//")`)
  if (isDotSegment(text)) throw new PatternError(`the path ${quote(path)} has a "." or ".." segment`)
  return { kind: 'text', text: canonicalText(text) }
}

function param(text: string, path: string): Segment {
  if (PARAM.test(text)) return { kind: 'param', text: text.slice(1) }
  throw new PatternError(
    `${quote(text)} in the path ${quote(path)} is not a parameter: a whole segment like /:id, of letters, digits and _`,
  )
}

function quote(text: string): string {
  return JSON.stringify(text)
}
