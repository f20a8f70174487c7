// What is asked of the routes that match host and path: which one takes the request, and which methods there are.
import { type CompiledRoute, failedHeader, failedQuery, takesMethod } from './compiled-route.ts'
import type { Leaf, LeafVisitor } from './path-tree.ts'
import type { MatchRequest, RoutePattern } from './route-pattern.ts'

/** Takes the first route whose method and predicates hold too. */
export class RouteFinder<R extends RoutePattern> implements LeafVisitor<CompiledRoute<R>> {
  steps = 0
  readonly #request: MatchRequest
  readonly #method: string
  #query: URLSearchParams | undefined

  constructor(request: MatchRequest, method: string) {
    this.#request = request
    this.#method = method
  }

  visit(leaf: Leaf<CompiledRoute<R>>): CompiledRoute<R> | undefined {
    for (const compiled of leaf) {
      this.steps++
      if (takesMethod(compiled, this.#method) && this.#predicatesHold(compiled)) return compiled
    }
    return undefined
  }

  #predicatesHold(compiled: CompiledRoute<R>): boolean {
    if (compiled.headers.length > 0 && failedHeader(compiled, this.#request)) return false
    if (compiled.query.length === 0) return true
    this.#query ??= new URLSearchParams(this.#request.query)
    return failedQuery(compiled, this.#query) === undefined
  }
}

/** Takes nothing, and so is shown every route that matches host and path. */
export class MethodCollector<R extends RoutePattern> implements LeafVisitor<CompiledRoute<R>> {
  steps = 0
  any = false
  readonly names = new Set<string>()

  visit(leaf: Leaf<CompiledRoute<R>>): undefined {
    for (const compiled of leaf) {
      if (compiled.methods.length === 0) this.any = true
      for (const method of compiled.methods) this.names.add(method)
    }
  }

  allow(): readonly string[] {
    return [...this.names].sort()
  }
}
