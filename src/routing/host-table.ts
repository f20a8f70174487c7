// Hosts to path trees: exact names in a map, wildcards in a map by suffix, and one tree for any host.
import type { HostPattern } from './host-pattern.ts'
import type { PathPattern } from './path-pattern.ts'
import {
  type Addition,
  addPath,
  createPathTree,
  findPath,
  type LeafVisitor,
  type PathTree,
} from './path-tree.ts'

export interface HostTable<T> {
  readonly exact: Map<string, PathTree<T>>
  /** Keyed by the part behind `*.`. */
  readonly wildcard: Map<string, PathTree<T>>
  readonly any: PathTree<T>
}

export function createHostTable<T>(): HostTable<T> {
  return { exact: new Map(), wildcard: new Map(), any: createPathTree() }
}

export function addToHost<T>(
  table: HostTable<T>,
  { host, path }: { readonly host: HostPattern; readonly path: PathPattern },
  addition: Addition<T>,
): void {
  addPath(treeOf(table, host), path, addition)
}

/** Shows the visitor every leaf that matches host and path, most specific first, until it takes a value. */
export function findInHosts<T>(
  table: HostTable<T>,
  request: { readonly host: string; readonly path: string },
  visitor: LeafVisitor<T>,
): T | undefined {
  const { host, path } = request
  // `OPTIONS *` names no path; it must not fall under `/*`.
  if (!path.startsWith('/')) return undefined
  visitor.steps++
  const exact = table.exact.get(host)
  const found = exact && findPath(exact, path, visitor)
  if (found !== undefined) return found
  const byWildcard = table.wildcard.size > 0 ? findInWildcards(table, request, visitor) : undefined
  return byWildcard ?? findPath(table.any, path, visitor)
}

function findInWildcards<T>(
  table: HostTable<T>,
  { host, path }: { readonly host: string; readonly path: string },
  visitor: LeafVisitor<T>,
): T | undefined {
  // From 1: the label in front of the first dot must not be empty.
  for (let dot = host.indexOf('.', 1); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    visitor.steps++
    const tree = table.wildcard.get(host.slice(dot + 1))
    const found = tree && findPath(tree, path, visitor)
    if (found !== undefined) return found
  }
  return undefined
}

function treeOf<T>(table: HostTable<T>, host: HostPattern): PathTree<T> {
  if (host.kind === 'any') return table.any
  const trees = host.kind === 'exact' ? table.exact : table.wildcard
  const known = trees.get(host.name)
  if (known) return known
  const tree = createPathTree<T>()
  trees.set(host.name, tree)
  return tree
}
