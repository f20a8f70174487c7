// The routes of one host: whole paths in a map, paths with parameters or `/*` in a tree of segments.
import { type PathPattern, pathShape } from './path-pattern.ts'

/** Values that share one host and path, the first to be tried first. */
export type Leaf<T> = readonly T[]

export interface Addition<T> {
  readonly value: T
  /** Negative when `a` is tried first. */
  readonly compare: (a: T, b: T) => number
}

export interface PathTree<T> {
  /** Paths without parameters and `/*`: the most specific there are, so one lookup settles them. */
  readonly exact: Map<string, T[]>
  root: PathNode<T> | undefined
}

interface PathNode<T> {
  children: Map<string, PathNode<T>> | undefined
  param: PathNode<T> | undefined
  /** Paths that end here. */
  here: T[] | undefined
  /** `/*`: paths that end here or go on. */
  below: T[] | undefined
}

/** Is shown each leaf that matches, most specific first, until it answers. */
export interface LeafVisitor<T> {
  steps: number
  visit(leaf: Leaf<T>): T | undefined
}

export function createPathTree<T>(): PathTree<T> {
  return { exact: new Map(), root: undefined }
}

/** Values of one leaf stand in the order of `compare`, equal ones in that of their addition. */
export function addPath<T>(tree: PathTree<T>, pattern: PathPattern, { value, compare }: Addition<T>): void {
  if (!pattern.prefix && pattern.segments.every((segment) => segment.kind === 'text')) {
    const path = pathShape(pattern)
    const leaf = tree.exact.get(path)
    if (leaf) insert(leaf, { value, compare })
    else tree.exact.set(path, [value])
    return
  }
  tree.root ??= createNode()
  const node = nodeAt(tree.root, pattern)
  const end = pattern.prefix ? 'below' : 'here'
  const leaf = node[end]
  if (leaf) insert(leaf, { value, compare })
  else node[end] = [value]
}

function insert<T>(leaf: T[], { value, compare }: Addition<T>): void {
  const at = leaf.findIndex((other) => compare(value, other) < 0)
  leaf.splice(at < 0 ? leaf.length : at, 0, value)
}

/** The first value that the visitor takes. */
export function findPath<T>(tree: PathTree<T>, path: string, visitor: LeafVisitor<T>): T | undefined {
  visitor.steps++
  const exact = tree.exact.get(path)
  const found = exact && visitor.visit(exact)
  if (found !== undefined || tree.root === undefined) return found
  return findBelow(tree.root, path, { at: 0, visitor })
}

interface Cursor<T> {
  /** Index of the slash before the next segment, or the path's length. */
  readonly at: number
  readonly visitor: LeafVisitor<T>
}

function findBelow<T>(node: PathNode<T>, path: string, { at, visitor }: Cursor<T>): T | undefined {
  visitor.steps++
  if (at === path.length) {
    return (node.here && visitor.visit(node.here)) ?? (node.below && visitor.visit(node.below))
  }
  const slash = path.indexOf('/', at + 1)
  const end = slash < 0 ? path.length : slash
  const next = { at: end, visitor }
  const child = node.children?.get(path.slice(at + 1, end))
  const found = child && findBelow(child, path, next)
  if (found !== undefined) return found
  // A parameter is never empty: `/users/:id` is not `/users/`.
  const byParam = node.param && end > at + 1 ? findBelow(node.param, path, next) : undefined
  return byParam ?? (node.below && visitor.visit(node.below))
}

function nodeAt<T>(root: PathNode<T>, pattern: PathPattern): PathNode<T> {
  let node = root
  for (const segment of pattern.segments) {
    if (segment.kind === 'param') {
      node.param ??= createNode()
      node = node.param
      continue
    }
    node.children ??= new Map()
    const known = node.children.get(segment.text)
    const child = known ?? createNode<T>()
    if (!known) node.children.set(segment.text, child)
    node = child
  }
  return node
}

function createNode<T>(): PathNode<T> {
  return { children: undefined, param: undefined, here: undefined, below: undefined }
}
