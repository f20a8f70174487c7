// What a scope may look like.

/** RFC 6749 section 3.3: visible ASCII without space, quote and backslash. */
export const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** A listed scope with a space in it would become two scopes in a header. */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && SCOPE.test(value)
}
