// What the route table is built from, what it is asked and what it answers.
import type { ReadonlyHeaderList } from '../headers.ts'

/** The match of one route, as the config states it. */
export interface RoutePattern {
  readonly id: string
  /** `[]` any, `api.example.com` exactly, `*.example.com` everything below it. */
  readonly hosts: readonly string[]
  /** `/a`, `/a/:id`, `/a/*`. */
  readonly path: string
  /** `[]` any. `GET` answers HEAD too. */
  readonly methods: readonly string[]
  readonly headers: readonly NamedValue[]
  readonly query: readonly NamedValue[]
  /** `file:line`, for messages. */
  readonly origin: string
}

export interface NamedValue {
  readonly name: string
  readonly value: string
}

export interface MatchRequest {
  /** Lower case, without the port. */
  readonly host: string
  /** The canonical path. */
  readonly path: string
  readonly method: string
  readonly headers: ReadonlyHeaderList
  /** Raw, with its `?`, or ''. */
  readonly query: string
}

export type Match<R> = RouteMatch<R> | MethodMismatch | NoMatch

export interface RouteMatch<R> {
  readonly kind: 'route'
  readonly route: R
  /** `:name` values, percent-decoded; no prototype. */
  readonly params: Readonly<Record<string, string>>
  /**
   * Set when OPTIONS is here only as the CORS preflight of another method, which this route does not take
   * itself: unless a plugin answers, the answer is 405 with this `Allow`, and the service is never called.
   */
  readonly preflightAllow: readonly string[] | undefined
}

/** Host and path are known, the method is not. */
export interface MethodMismatch {
  readonly kind: 'method'
  readonly allow: readonly string[]
}

export interface NoMatch {
  readonly kind: 'none'
}

/** A route that was considered for a request, or came near. */
export interface Candidate<R> {
  readonly route: R
  readonly outcome: 'won' | 'lost'
  /** `less specific path`, `method GET is not POST or PUT`. */
  readonly why: string
}

/** Counts the units of work of a match: lookups, path segments and routes tried. */
export interface StepCount {
  count: number
}

/** A pattern that means nothing or more than one thing. The message says what to write instead. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}
