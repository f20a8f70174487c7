// A Lua script and its calls, written as Redis reads them: a text that is known already is not put together again.
import { hash } from 'node:crypto'
import { Command, type Redis } from 'ioredis'

/** KEYS and ARGV of a call. */
export interface ScriptArguments {
  /** How many of them are keys; those come first. */
  readonly keys: number
  readonly count: number
  /** All of them in order, each as a bulk string. */
  readonly text: string
}

/** A bulk string of RESP: its length in bytes, and the value. */
export function bulk(value: string | number): string {
  const text = String(value)
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/** Sent by its hash where the connection has had it before. */
export class Script {
  readonly #byHash: string
  readonly #bySource: string
  readonly #knownBy = new WeakSet<object>()

  constructor(lua: string) {
    this.#byHash = `\r\n${bulk('evalsha')}${bulk(hash('sha1', lua))}`
    this.#bySource = `\r\n${bulk('eval')}${bulk(lua)}`
  }

  /** Rejects as ioredis does; with NOSCRIPT when Redis has lost the script: the next call sends it again. */
  call(client: Redis, args: ScriptArguments): Promise<unknown> {
    const call = new ScriptCall(this, args)
    client.sendCommand(call)
    return call.promise
  }

  /** What a call begins with, behind the number of its parts. */
  openingOn(connection: object): string {
    if (this.#knownBy.has(connection)) return this.#byHash
    this.#knownBy.add(connection)
    return this.#bySource
  }

  forgottenBy(connection: object): void {
    this.#knownBy.delete(connection)
  }
}

const NO_ARGUMENTS: [] = []

/** `evalsha` or `eval`, the script and the number of keys. */
const OPENING_PARTS = 3

/** What `defineCommand` of ioredis gives makes a command out of its arguments each time, and waits twice for its answer. */
class ScriptCall extends Command {
  readonly #script: Script
  readonly #arguments: ScriptArguments

  constructor(script: Script, args: ScriptArguments) {
    super('evalsha', NO_ARGUMENTS)
    this.#script = script
    this.#arguments = args
  }

  override toWritable(connection: object): string {
    const { keys, count, text } = this.#arguments
    return `*${OPENING_PARTS + count}${this.#script.openingOn(connection)}${bulk(keys)}${text}`
  }
}

export const isScriptMissing = (error: Error): boolean => error.message.startsWith('NOSCRIPT')
