// Reads the plain part of YAML and JSON that configs are written in; whatever is not plain is left to the library.
// A second reader is worth its lines: 10,000 routes take the library about 1000 ms, this one about 60.
import type { Steps } from '../pace.ts'
import { createMap, DANGEROUS_KEYS, MAX_DEPTH, Marks, type Places } from './places.ts'
import { QuickScanner, type Scalar } from './quick-scanner.ts'
import type { Source } from './source.ts'

/** Undefined: not plain, or wrong. Faults are found and told by the library alone. */
export function* parseQuickly(source: Source, places: Places): Steps<unknown> {
  const scanner = new QuickScanner(source.text ?? '')
  try {
    return yield* new QuickReader(scanner, source, places).readDocument()
  } catch (error) {
    if (scanner.isRefusal(error)) return undefined
    throw error
  }
}

class QuickReader {
  readonly #scanner: QuickScanner
  readonly #source: Source
  readonly #places: Places
  /** Indent of the line that is read next; -1 at the end. */
  #indent = 0
  #valueAt = 0

  constructor(scanner: QuickScanner, source: Source, places: Places) {
    this.#scanner = scanner
    this.#source = source
    this.#places = places
  }

  *readDocument(): Steps<unknown> {
    if (this.#scanner.nextLine() !== 0) this.#scanner.refuse()
    const value = this.#scanner.startsFlow() ? this.#line(() => this.#flow(-1, 0)) : yield* this.#map(0, 0)
    return this.#indent < 0 ? value : this.#scanner.refuse()
  }

  *#map(indent: number, depth: number): Steps<object> {
    const map = createMap()
    const marks = new Marks(this.#source)
    this.#enter(map, marks, depth)
    do {
      const at = this.#scanner.at
      const key = this.#newKey(this.#scanner.blockKey(), map)
      const value = yield* this.#mapValue(indent, depth + 1)
      marks.add(key, at, this.#valueAt)
      map[key] = value
      yield
    } while (this.#indent === indent)
    if (this.#indent > indent) this.#scanner.refuse()
    return map
  }

  *#mapValue(indent: number, depth: number): Steps<unknown> {
    if (!this.#scanner.endsLine()) return this.#inline(indent, depth)
    this.#indent = this.#scanner.nextLine()
    const start = this.#scanner.at
    const isList = this.#scanner.startsItem()
    if (this.#indent < indent || (this.#indent === indent && !isList)) this.#scanner.refuse()
    const value = isList ? yield* this.#list(this.#indent, depth) : yield* this.#map(this.#indent, depth)
    this.#valueAt = start
    return value
  }

  *#list(indent: number, depth: number): Steps<unknown[]> {
    const list: unknown[] = []
    const marks = new Marks(this.#source)
    this.#enter(list, marks, depth)
    do {
      const start = this.#scanner.at
      this.#scanner.skipDash()
      const at = this.#scanner.at
      const isMap = this.#scanner.startsBlockKey()
      list.push(isMap ? yield* this.#map(indent + at - start, depth + 1) : this.#inline(indent, depth + 1))
      marks.add(list.length - 1, at, at)
      yield
    } while (this.#indent === indent && this.#scanner.startsItem())
    if (this.#indent > indent) this.#scanner.refuse()
    return list
  }

  #inline(indent: number, depth: number): unknown {
    const at = this.#scanner.at
    const value = this.#line(() =>
      this.#scanner.startsFlow() ? this.#flow(indent, depth) : this.#scanner.scalar(false),
    )
    this.#valueAt = at
    return value
  }

  /** A value and the end of its line. */
  #line<T>(read: () => T): T {
    const value = read()
    if (!this.#scanner.endsLine()) this.#scanner.refuse()
    this.#indent = this.#scanner.nextLine()
    return value
  }

  /** `{ ... }` or `[ ... ]`; its further lines must be indented by more than `indent`. */
  #flow(indent: number, depth: number): object {
    const isMap = this.#scanner.opensMap()
    const container: Record<string, unknown> | unknown[] = isMap ? createMap() : []
    const marks = new Marks(this.#source)
    this.#enter(container, marks, depth)
    this.#scanner.open(indent)
    while (!this.#scanner.closes(isMap)) {
      const start = this.#scanner.at
      const key = isMap ? this.#newKey(this.#scanner.flowKey(), container) : marks.size
      const at = this.#scanner.at
      const value = this.#flowValue(indent, depth + 1)
      ;(container as Record<string | number, unknown>)[key] = value
      marks.add(key, start, at)
      this.#scanner.separator(isMap, indent)
    }
    return container
  }

  #flowValue(indent: number, depth: number): Scalar | object {
    return this.#scanner.startsFlow() ? this.#flow(indent, depth) : this.#scanner.scalar(true)
  }

  #newKey(key: string, map: object): string {
    return key in map || DANGEROUS_KEYS.has(key) ? this.#scanner.refuse() : key
  }

  #enter(container: object, marks: Marks, depth: number): void {
    if (depth >= MAX_DEPTH) this.#scanner.refuse()
    this.#places.set(container, marks)
  }
}
