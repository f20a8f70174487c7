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
  return typeof value === 'string' ? write(value) : (DIGITS[value] ?? write(String(value)))
}

// Joined: V8 keeps what `+` gives in parts, and would go through these in each call that they are a part of.
function write(text: string): string {
  return ['$', Buffer.byteLength(text), '\r\n', text, '\r\n'].join('')
}

const DIGITS: readonly string[] = Array.from({ length: 10 }, (_, digit) => write(String(digit)))

/** Sent by its hash where the connection has had it before. */
export class Script {
  readonly #byHash: string
  readonly #bySource: string
  /** For each connection the call that has brought the script there. */
  readonly #bearers = new WeakMap<object, object>()

  constructor(lua: string) {
    this.#byHash = ['\r\n', bulk('evalsha'), bulk(hash('sha1', lua))].join('')
    this.#bySource = ['\r\n', bulk('eval'), bulk(lua)].join('')
  }

  /** Rejects as ioredis does; when `isScriptMissing`, one of the next calls brings the script along. */
  call(client: Redis, args: ScriptArguments): Promise<unknown> {
    const call = new ScriptCall(this, args)
    client.sendCommand(call)
    return call.promise
  }

  /** The call that has brought the script to this connection: the given one, if none has before. */
  bearerOn(connection: object, call: object): object {
    const bearer = this.#bearers.get(connection)
    if (bearer) return bearer
    this.#bearers.set(connection, call)
    return call
  }

  /** What a call begins with, behind the number of its parts. */
  opening(isBearer: boolean): string {
    return isBearer ? this.#bySource : this.#byHash
  }

  /** What this call has brought is lost. Another may have brought it again since. */
  lost(connection: object, bearer: object): void {
    if (this.#bearers.get(connection) === bearer) this.#bearers.delete(connection)
  }
}

/** `evalsha` or `eval`, the script and the number of keys. */
const OPENING_PARTS = 3

/** What `defineCommand` of ioredis gives makes a command out of its arguments each time, and waits twice for its answer. */
class ScriptCall extends Command {
  readonly #script: Script
  readonly #arguments: ScriptArguments

  constructor(script: Script, args: ScriptArguments) {
    super('evalsha')
    this.#script = script
    this.#arguments = args
  }

  override toWritable(connection: object): string {
    const { reject } = this
    const bearer = this.#script.bearerOn(connection, this)
    // At once, not when the promise is heard: of all that were on their way only one brings the script again.
    this.reject = (error) => {
      if (isScriptMissing(error)) this.#script.lost(connection, bearer)
      reject(error)
    }
    const { keys, count, text } = this.#arguments
    return `*${OPENING_PARTS + count}${this.#script.opening(bearer === this)}${bulk(keys)}${text}`
  }
}

export const isScriptMissing = (error: Error): boolean => error.message.startsWith('NOSCRIPT')
