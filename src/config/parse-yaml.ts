// YAML (and JSON, which is YAML) -> plain data without prototypes, with the place of every value and all syntax faults.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Steps } from '../pace.ts'
import type { ConfigFault, Path } from './fault.ts'
import { createMap, DANGEROUS_KEYS, MAX_DEPTH, Marks, type Places } from './places.ts'
import { parseQuickly } from './quick-yaml.ts'
import type { Source } from './source.ts'
import { syntaxFaults } from './syntax-faults.ts'

export interface Parsed {
  readonly value: unknown
  /** Each leaves no value at its path. */
  readonly broken: readonly ConfigFault[]
  /** The value stands, all the same. */
  readonly faults: readonly ConfigFault[]
}

/** Values that aliases may add: a few lines of nested aliases can stand for billions (CVE-2003-1564). */
const MAX_ALIASED_VALUES = 100_000

export function* parseYaml(source: Source, places: Places): Steps<Parsed> {
  const quick = yield* parseQuickly(source, places)
  return quick === undefined ? parseAnyYaml(source, places) : { value: quick, broken: [], faults: [] }
}

/** With the library alone. */
export function parseAnyYaml(source: Source, places: Places): Parsed {
  // Unique keys are checked below: the library compares each key with all others of its map.
  const options = {
    version: '1.2',
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    merge: false,
  } as const
  const document = parseDocument(source.text ?? '', { ...options, resolveKnownTags: false })
  const syntax = syntaxFaults(document, source)
  if (syntax.length > 0) return { value: undefined, broken: syntax, faults: [] }
  const reader = new NodeReader(source, places)
  const value = document.contents === null ? null : reader.read(document.contents, [], 0)
  return { value: reader.stopped ? undefined : value, broken: reader.broken, faults: reader.faults }
}

class NodeReader {
  readonly broken: ConfigFault[] = []
  readonly faults: ConfigFault[] = []
  stopped = false
  readonly #source: Source
  readonly #places: Places
  readonly #anchors = new Map<string, ParsedNode>()
  #aliased = 0
  #insideAlias = 0

  constructor(source: Source, places: Places) {
    this.#source = source
    this.#places = places
  }

  read(node: ParsedNode | null, path: Path, depth: number): unknown {
    if (node === null) return null
    if (this.stopped) return undefined
    if (this.#insideAlias > 0 && ++this.#aliased > MAX_ALIASED_VALUES) {
      return this.#stop(node, path, `the aliases stand for more than ${MAX_ALIASED_VALUES} values`)
    }
    if (!isAlias(node) && node.anchor) this.#keepAnchor(node, node.anchor, path)
    if (isScalar(node)) return node.value
    if (depth >= MAX_DEPTH) return this.#stop(node, path, `nested deeper than ${MAX_DEPTH} levels`)
    if (isAlias(node)) return this.#readAlias(node, path, depth)
    return isMap(node)
      ? this.#readMap(node, path, depth)
      : this.#readList(node as YAMLSeq.Parsed, path, depth)
  }

  #readMap(node: YAMLMap.Parsed, path: Path, depth: number): unknown {
    const map = createMap()
    const marks = new Marks(this.#source)
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue
      const name = String(key.value)
      const here = [...path, name]
      const at = key.range[0]
      if (!this.#accepts(marks, here, at)) continue
      marks.add(name, at, value?.range[0] ?? at)
      map[name] = this.read(value, here, depth + 1)
    }
    this.#places.set(map, marks)
    return map
  }

  #readList(node: YAMLSeq.Parsed, path: Path, depth: number): unknown {
    const marks = new Marks(this.#source)
    const list = node.items.map((item, index) => {
      const at = (item as ParsedNode).range[0]
      marks.add(index, at, at)
      return this.read(item as ParsedNode, [...path, index], depth + 1)
    })
    this.#places.set(list, marks)
    return list
  }

  #readAlias(node: Alias.Parsed, path: Path, depth: number): unknown {
    const target = this.#anchors.get(node.source)
    if (!target) {
      const written = `*${node.source}`
      const hint = written.startsWith('*.')
        ? `quote it: "${written}"`
        : 'quote it, if it is not meant as an alias'
      return this.#fault(node, path, `${written} is an alias in YAML, and no anchor has this name`, hint)
    }
    this.#insideAlias++
    const value = this.read(target, path, depth + 1)
    this.#insideAlias--
    return value
  }

  // Not `Alias.resolve`: it walks the whole document for each alias.
  #keepAnchor(node: ParsedNode, name: string, path: Path): void {
    if (this.#insideAlias > 0) return
    if (this.#anchors.has(name)) {
      const position = this.#source.position(node.range[0])
      this.faults.push({ path, message: `the anchor &${name} is defined twice`, position })
    }
    this.#anchors.set(name, node)
  }

  #accepts(marks: Marks, path: Path, at: number): boolean {
    const name = path.at(-1) as string
    const first = marks.get(name)
    const position = this.#source.position(at)
    if (first) {
      const hint = `first defined at ${this.#source.origin(first.key)}`
      this.faults.push({ path, message: `duplicate key "${name}"`, hint, position })
    } else if (DANGEROUS_KEYS.has(name)) {
      this.faults.push({ path, message: `"${name}" may not be used as a key`, position })
    } else return true
    return false
  }

  // No file that was meant well gets here, and reading on could take for ever.
  #stop(node: ParsedNode, path: Path, message: string): undefined {
    this.stopped = true
    this.#fault(node, path, message)
  }

  #fault(node: ParsedNode, path: Path, message: string, hint?: string): undefined {
    this.broken.push({ path, message, hint, position: this.#source.position(node.range[0]) })
  }
}
