// The words of plain YAML: lines, keys and scalars whose reading nobody could doubt. All else is refused.

export type Scalar = string | number | boolean

const SPACE = 32
const TAB = 9
const NEWLINE = 10
const HASH = 35

const BLOCK_KEY = /([A-Za-z0-9_][\w.-]*):(?=[ \n]|$)/y
const FLOW_KEY = /([A-Za-z0-9_][\w.-]*): */y
const QUOTED_COLON = / *: */y
const BLOCK_PLAIN = /(?:[\w/$.(<=^;]|:[^\s])[^\n]*/y
const FLOW_PLAIN = /(?:[\w/$.(<=^;]|:[^\s,[\]{}])[^\n,[\]{}#"']*/y
// A colon before a space or at the end makes a key; a tab or a foreign character is the library's business.
const DOUBTFUL = /: |:$|[^\x20-\x7e]/
const CONTROL = /[\0-\x1f\x7f]/
const SHORT_NUMBER = /^(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?$/
// What YAML 1.2's core schema may read as something else than text.
const NOT_TEXT = /^(?:0o[0-7]+|0x[0-9a-f]+|[-+.0-9][-+.0-9e]*|[-+]?\.(?:inf|nan)|true|false|null|~)$/i
/** YAML bounds a key by 1024 characters; longer text with escapes is rare enough for the library. */
const MAX_SIMPLE_LENGTH = 1000

export class QuickScanner {
  at = 0
  readonly #text: string
  readonly #refusal = new Error('not plain')

  constructor(text: string) {
    this.#text = text
  }

  refuse(): never {
    throw this.#refusal
  }

  isRefusal(error: unknown): boolean {
    return error === this.#refusal
  }

  /** From the start of a line to the next line with content: its indent, or -1 at the end. */
  nextLine(): number {
    for (;;) {
      const start = this.at
      while (this.#code() === SPACE) this.at++
      if (this.at >= this.#text.length) return -1
      if (!this.endsLine(true)) return this.at - start
    }
  }

  /** Skips spaces, a comment and the end of the line, if that is all that is left of it. */
  endsLine(atStart = false): boolean {
    const from = this.at
    while (this.#code() === SPACE) this.at++
    if (this.#code() === HASH && (atStart || this.at > from)) this.#skipComment()
    if (this.at >= this.#text.length) return true
    if (this.#code() !== NEWLINE) return false
    this.at++
    return true
  }

  startsItem(): boolean {
    return this.#text.startsWith('- ', this.at)
  }

  skipDash(): void {
    this.at++
    while (this.#code() === SPACE) this.at++
  }

  startsBlockKey(): boolean {
    BLOCK_KEY.lastIndex = this.at
    return BLOCK_KEY.test(this.#text)
  }

  /** The key with its colon and the spaces behind. */
  blockKey(): string {
    const key = this.#match(BLOCK_KEY)[1]!
    const end = this.at
    while (this.#code() === SPACE) this.at++
    // A comment needs the space that was just skipped.
    if (this.#code() === HASH) this.at = end
    return key
  }

  flowKey(): string {
    if (this.#text[this.at] !== '"') {
      const [all, key] = this.#match(FLOW_KEY)
      return all!.endsWith(' ') ? key! : this.refuse()
    }
    const key = this.#doubleQuoted()
    this.#match(QUOTED_COLON)
    return key.length > MAX_SIMPLE_LENGTH ? this.refuse() : key
  }

  startsFlow(): boolean {
    const first = this.#text[this.at]
    return first === '{' || first === '['
  }

  opensMap(): boolean {
    return this.#text[this.at] === '{'
  }

  open(indent: number): void {
    this.at++
    this.#skipFlowSpace(indent)
  }

  closes(isMap: boolean): boolean {
    if (this.#text[this.at] !== (isMap ? '}' : ']')) return false
    this.at++
    return true
  }

  /** After a value: a comma, or the closing bracket, which is left where it is. */
  separator(isMap: boolean, indent: number): void {
    this.#skipFlowSpace(indent)
    if (this.#text[this.at] === ',') this.open(indent)
    else if (this.#text[this.at] !== (isMap ? '}' : ']')) this.refuse()
  }

  scalar(inFlow: boolean): Scalar {
    const first = this.#text[this.at]
    if (first === '"') return this.#doubleQuoted()
    if (first === "'") return this.#singleQuoted()
    return this.#plain(inFlow)
  }

  #plain(inFlow: boolean): Scalar {
    const start = this.at
    let [text] = this.#match(inFlow ? FLOW_PLAIN : BLOCK_PLAIN)
    const comment = text!.indexOf(' #')
    if (comment >= 0) text = text!.slice(0, comment)
    const trimmed = text!.trimEnd()
    this.at = start + trimmed.length
    if (DOUBTFUL.test(trimmed)) this.refuse()
    if (trimmed === 'true') return true
    if (trimmed === 'false') return false
    if (SHORT_NUMBER.test(trimmed)) return Number(trimmed)
    return NOT_TEXT.test(trimmed) ? this.refuse() : trimmed
  }

  #doubleQuoted(): string {
    const start = this.at
    let end = this.#text.indexOf('"', start + 1)
    while (end > 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    const body = end < 0 ? this.refuse() : this.#text.slice(start + 1, end)
    this.at = end + 1
    if (CONTROL.test(body)) this.refuse()
    return body.includes('\\') ? this.#unescape(body) : body
  }

  #isEscaped(at: number): boolean {
    let slashes = 0
    while (this.#text[at - 1 - slashes] === '\\') slashes++
    return slashes % 2 === 1
  }

  // JSON's escapes mean the same in YAML.
  #unescape(body: string): string {
    try {
      return JSON.parse(`"${body}"`)
    } catch {
      return this.refuse()
    }
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.at + 1)
    if (end < 0 || this.#text[end + 1] === "'") this.refuse()
    const body = this.#text.slice(this.at + 1, end)
    this.at = end + 1
    return CONTROL.test(body) ? this.refuse() : body
  }

  #skipFlowSpace(indent: number): void {
    for (;;) {
      const from = this.at
      this.#skipBlank(indent)
      if (this.#code() === HASH && this.at > from) this.#skipComment()
      if (this.#code() !== NEWLINE) return
      this.at++
      const start = this.at
      if (this.#text.startsWith('---', start) || this.#text.startsWith('...', start)) this.refuse()
      this.#skipBlank(indent)
      if (this.#code() === HASH) this.#skipComment()
      else if (this.#code() !== NEWLINE && this.at - start <= indent) this.refuse()
    }
  }

  // Tabs indent nothing in YAML, but JSON at the top of a file is often written with them.
  #skipBlank(indent: number): void {
    while (this.#code() === SPACE || (indent < 0 && this.#code() === TAB)) this.at++
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.at)
    this.at = end < 0 ? this.#text.length : end
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.#text)
    if (!match) this.refuse()
    this.at = pattern.lastIndex
    return match!
  }

  #code(): number {
    return this.#text.charCodeAt(this.at)
  }
}
