// Where each value of the merged config was written: container -> key -> file and offsets.
import type { Path, Position } from './fault.ts'
import type { Source } from './source.ts'

/** A map of the config: no prototype, so that no key of it can be inherited. */
export type ConfigMap = Record<string, unknown>

/** Entries of a flat list of marks that are searched one by one. */
const MAX_SEARCHED = 30

export const MAX_DEPTH = 64
/** Keys that reach prototypes wherever a plain object is built from them later. */
export const DANGEROUS_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export function createMap(): ConfigMap {
  return Object.create(null)
}

export function isMap(value: unknown): value is ConfigMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Offsets of one key and its value. */
export interface Mark {
  readonly source: Source
  readonly key: number
  readonly value: number
}

/** The marks of one map or list, as flat arrays: a config of 10,000 routes has 100,000 of them. */
export class Marks {
  readonly #source: Source
  /** key, its offset, the value's offset, key ... */
  readonly #flat: (string | number)[] = []
  #index: Map<string | number, number> | undefined

  constructor(source: Source) {
    this.#source = source
  }

  get size(): number {
    return this.#flat.length / 3
  }

  add(key: string | number, keyAt: number, valueAt: number): void {
    this.#index?.set(key, this.#flat.length)
    this.#flat.push(key, keyAt, valueAt)
  }

  get(key: string | number): Mark | undefined {
    const at = this.#find(key)
    if (at === undefined) return undefined
    return { source: this.#source, key: this.#flat[at + 1] as number, value: this.#flat[at + 2] as number }
  }

  #find(key: string | number): number | undefined {
    const flat = this.#flat
    if (flat.length > MAX_SEARCHED) return this.#indexed().get(key)
    for (let at = 0; at < flat.length; at += 3) if (flat[at] === key) return at
    return undefined
  }

  #indexed(): Map<string | number, number> {
    if (this.#index) return this.#index
    this.#index = new Map()
    for (let at = 0; at < this.#flat.length; at += 3) this.#index.set(this.#flat[at]!, at)
    return this.#index
  }
}

export class Places {
  readonly #marks = new Map<object, { get(key: string | number): Mark | undefined }>()

  set(container: object, marks: { get(key: string | number): Mark | undefined }): void {
    this.#marks.set(container, marks)
  }

  /** Adds the mark of one key that the container itself did not have. */
  extend(container: object, added: string, mark: Mark): void {
    const own = this.#marks.get(container)
    this.#marks.set(container, { get: (key) => (key === added ? mark : own?.get(key)) })
  }

  mark(container: unknown, key: string | number): Mark | undefined {
    return this.#marks.get(container as object)?.get(key)
  }

  /** `file:line` of the key. */
  origin(container: unknown, key: string | number): string {
    const mark = this.mark(container, key)
    return mark ? mark.source.origin(mark.key) : ''
  }

  /** The value at `path`, or its key, or what is nearest above where there is none. */
  position(root: unknown, path: Path, atKey: boolean): Position | undefined {
    let container = root
    let mark: Mark | undefined
    for (const key of path) {
      const next = this.mark(container, key)
      if (!next) return mark?.source.position(mark.key)
      mark = next
      container = (container as ConfigMap)[key]
    }
    return mark?.source.position(atKey ? mark.key : mark.value)
  }
}
