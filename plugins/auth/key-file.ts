// The keys in a file, taken up again when its content changes; the last good ones are kept.
import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { Clock, Logger } from '../../src/plugin.ts'
import { MAX_SET_BYTES } from './jwk-set.ts'
import type { KeySet, KeySource } from './key-set.ts'

const CHECK_EVERY_MS = 5000

export interface KeyFileOptions {
  readonly path: string
  /** For the log. */
  readonly provider: string
  readonly clock: Clock
  readonly logger: Logger
  /** Throws an Error that says what is wrong with the text. */
  parse(text: string): KeySet
}

/** Looked at when it is used, at most every five seconds. The constructor throws when there are no good keys. */
export class KeyFile implements KeySource {
  readonly #options: KeyFileOptions
  #keys: KeySet
  #text: string
  #checkedAt: number
  #running: Promise<void> | undefined
  #failing = false

  constructor(options: KeyFileOptions) {
    this.#options = options
    this.#text = readFileSync(options.path, 'utf8')
    this.#keys = options.parse(this.#text)
    this.#checkedAt = options.clock.now()
  }

  current(): KeySet {
    if (this.#isDue()) void this.#check()
    return this.#keys
  }

  refresh(): Promise<KeySet> | undefined {
    if (this.#running === undefined && !this.#isDue()) return undefined
    return this.#check().then(() => this.#keys)
  }

  #isDue(): boolean {
    return this.#options.clock.now() - this.#checkedAt >= CHECK_EVERY_MS
  }

  #check(): Promise<void> {
    this.#running ??= this.#read().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #read(): Promise<void> {
    const { path, provider, logger, clock, parse } = this.#options
    this.#checkedAt = clock.now()
    try {
      const text = await readBounded(path)
      if (text !== this.#text) this.#keys = parse(text)
      this.#text = text
      this.#failing = false
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure)
      if (!this.#failing)
        logger.warn({ provider, path, reason }, 'the key file is not good; its last keys stay in force')
      this.#failing = true
    }
  }
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path)
  if (size > MAX_SET_BYTES) throw new Error(`the file is larger than ${MAX_SET_BYTES} bytes`)
  return readFile(path, 'utf8')
}
