// What the files of a config said when it was loaded: with it the same configuration can be loaded again, whatever
// stands in them by then. Modules are not in it: Node reads them by itself.

/** Plain data, as it goes to another process. */
export interface CopiedFiles {
  /** Absolute path -> text of a config file. */
  readonly texts: Readonly<Record<string, string>>
  /** Absolute path -> the value behind `${file:}` or `${secret:}`. */
  readonly values: Readonly<Record<string, string>>
  /** Absolute path -> what a PEM file holds, byte for byte in latin1. */
  readonly pems: Readonly<Record<string, string>>
  /** Pattern of `include` -> what it matched. */
  readonly matches: Readonly<Record<string, readonly string[]>>
}

type Copies = { -readonly [K in keyof CopiedFiles]: Record<string, CopiedFiles[K][string]> }

export class FileCopies {
  readonly #given: CopiedFiles
  readonly #taken: Copies

  /** `given` is believed; what is not in it is read, and kept for a later load. */
  constructor(given: CopiedFiles | undefined) {
    this.#given = given ?? { texts: {}, values: {}, pems: {}, matches: {} }
    const { texts, values, pems, matches } = this.#given
    this.#taken = { texts: { ...texts }, values: { ...values }, pems: { ...pems }, matches: { ...matches } }
  }

  get taken(): CopiedFiles {
    return this.#taken
  }

  text(path: string): string | undefined {
    return this.#given.texts[path]
  }

  keepText(path: string, text: string): void {
    this.#taken.texts[path] = text
  }

  value(path: string): string | undefined {
    return this.#given.values[path]
  }

  keepValue(path: string, value: string): string {
    this.#taken.values[path] = value
    return value
  }

  pem(path: string): Buffer | undefined {
    const copied = this.#given.pems[path]
    return copied === undefined ? undefined : Buffer.from(copied, 'latin1')
  }

  keepPem(path: string, bytes: Buffer): Buffer {
    this.#taken.pems[path] = bytes.toString('latin1')
    return bytes
  }

  matches(pattern: string): readonly string[] | undefined {
    return this.#given.matches[pattern]
  }

  keepMatches(pattern: string, names: readonly string[]): readonly string[] {
    this.#taken.matches[pattern] = names
    return names
  }
}
