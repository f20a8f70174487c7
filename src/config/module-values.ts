// What a TypeScript or JavaScript config exports, as the same plain data that a YAML file gives.
import type { ConfigFault, Path } from './fault.ts'
import { createMap, DANGEROUS_KEYS, MAX_DEPTH, Marks, type Places } from './places.ts'
import type { Source } from './source.ts'

export interface PlainResult {
  readonly value: unknown
  readonly faults: readonly ConfigFault[]
}

/** Plugins under `use` are passed on as they are. */
export function toPlainData(exported: unknown, source: Source, places: Places): PlainResult {
  const copier = new Copier(source, places)
  return { value: copier.copy(exported, [], []), faults: copier.faults }
}

class Copier {
  readonly faults: ConfigFault[] = []
  readonly #source: Source
  readonly #places: Places

  constructor(source: Source, places: Places) {
    this.#source = source
    this.#places = places
  }

  copy(value: unknown, path: Path, above: readonly object[]): unknown {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value !== 'object') return this.#refuse(path, `${nameOf(value)} is not plain data`)
    if (isUsedPlugin(path)) return value
    if (above.includes(value)) return this.#refuse(path, 'holds itself')
    if (above.length >= MAX_DEPTH) return this.#refuse(path, `nested deeper than ${MAX_DEPTH} levels`)
    if (Array.isArray(value)) return this.#copyList(value, path, [...above, value])
    return isPlainObject(value)
      ? this.#copyMap(value, path, [...above, value])
      : this.#refuse(path, `${nameOf(value)} is not plain data`)
  }

  #copyList(list: readonly unknown[], path: Path, above: readonly object[]): unknown[] {
    const marks = new Marks(this.#source)
    const copied = list.map((item, at) => {
      marks.add(at, 0, 0)
      return this.copy(item, [...path, at], above)
    })
    this.#places.set(copied, marks)
    return copied
  }

  #copyMap(map: object, path: Path, above: readonly object[]): unknown {
    const marks = new Marks(this.#source)
    const copied = createMap()
    for (const [key, value] of Object.entries(map)) {
      // As in any object of options: a key that is undefined is a key left out.
      if (value === undefined) continue
      if (DANGEROUS_KEYS.has(key)) this.#refuse([...path, key], `"${key}" may not be used as a key`)
      else {
        marks.add(key, 0, 0)
        copied[key] = this.copy(value, [...path, key], above)
      }
    }
    this.#places.set(copied, marks)
    return copied
  }

  #refuse(path: Path, message: string): undefined {
    const hint = 'a config holds texts, numbers, true, false, lists and maps'
    const whole = path.length === 0
    this.faults.push({
      path,
      message: whole ? `the config ${message}` : message,
      hint,
      position: { file: this.#source.file },
    })
  }
}

function isUsedPlugin(path: Path): boolean {
  return path.length === 2 && path[0] === 'use'
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  // Not compared with Object.prototype: a config module may come from another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function nameOf(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null)
    return `an instance of ${value.constructor?.name || 'a class'}`
  return String(value)
}
