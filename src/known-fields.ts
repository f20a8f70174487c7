// Names of header fields that were met lately: what each means to the one who asks, and its last line that was legal.
import { isFieldName, isFieldValue } from './headers.ts'

/** A peer that invents names only makes the memory start anew. */
const MAX_NAMES = 500
const MAX_NAME_LENGTH = 64

/** Longer ones are seldom the same again; and what is kept may keep alive the head that it was cut from. */
const MAX_VALUE_LENGTH = 128

/**
 * What differs each time is neither kept nor compared: two strings of one length that were cut or put together are compared
 * by V8's runtime, about 1 of 55 us a request for the ids alone by the profile.
 */
const MISSES = 8
/** So many later two are looked at again, one to be kept and one to be compared with it. */
const RETRY = 64

export class KnownField {
  readonly kind: number
  readonly #name: string
  #value: string | undefined
  #line = ''
  #misses = 0

  constructor(name: string, kind: number) {
    this.kind = kind
    this.#name = name
  }

  /** The line of a head that gives it this value, with its CRLF; undefined for what may not be sent (RFC 9110 section 5.5). */
  line(value: string): string | undefined {
    const mayBeSame = this.#misses < MISSES
    if (mayBeSame && value === this.#value) {
      this.#misses = 0
      return this.#line
    }
    if (!isFieldValue(value)) return undefined
    this.#misses = this.#misses === RETRY ? MISSES - 2 : this.#misses + 1
    if (!mayBeSame || value.length > MAX_VALUE_LENGTH) return `${this.#name}: ${value}\r\n`
    this.#value = value
    // Joined: what a template gives V8 keeps in parts, and would put together in each head.
    this.#line = [this.#name, ': ', value, '\r\n'].join('')
    return this.#line
  }
}

export class KnownFields {
  readonly #kinds: ReadonlyMap<string, number>
  readonly #known = new Map<string, KnownField>()

  /** `kinds` by name in lower case. All others are of kind 0. */
  constructor(kinds: Iterable<readonly [string, number]>) {
    this.#kinds = new Map(kinds)
  }

  /** The name in any case. Undefined for what is none (RFC 9110 section 5.6.2). */
  find(name: string): KnownField | undefined {
    return this.#known.get(name) ?? this.#learn(name)
  }

  #learn(name: string): KnownField | undefined {
    if (!isFieldName(name)) return undefined
    const field = new KnownField(name, this.#kinds.get(name.toLowerCase()) ?? 0)
    if (this.#known.size >= MAX_NAMES) this.#known.clear()
    if (name.length <= MAX_NAME_LENGTH) this.#known.set(name, field)
    return field
  }
}
