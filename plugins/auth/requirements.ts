// What a route asks of a consumer that is already known: scopes and claims.
import type { Consumer } from '../../src/plugin.ts'

type Primitive = string | number | boolean

export interface Requirements {
  /** All of them. */
  readonly scopes: readonly string[]
  /** At least one of them, when there are any. */
  readonly anyScope: readonly string[]
  /** Each claim has, or as a list contains, one of the values. */
  readonly claims: readonly (readonly [name: string, accepted: readonly Primitive[]])[]
}

export function meets(consumer: Consumer, { scopes, anyScope, claims }: Requirements): boolean {
  const { scopes: held } = consumer
  if (!scopes.every((scope) => held.includes(scope))) return false
  if (anyScope.length > 0 && !anyScope.some((scope) => held.includes(scope))) return false
  return claims.every(([name, accepted]) => hasClaim(consumer, name, accepted))
}

function hasClaim({ claims }: Consumer, name: string, accepted: readonly Primitive[]): boolean {
  const values: readonly unknown[] = Array.isArray(claims[name]) ? claims[name] : [claims[name]]
  return accepted.some((value) => values.includes(value))
}
