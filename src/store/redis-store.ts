// Limits shared by all nodes through Redis: every answer within the command timeout, or STORE_UNAVAILABLE.
import { type Clock, GatewayError, type LimitCheck, type Logger, type Meter } from '../plugin.ts'
import type { LendingStore, LendingVerdict } from './lease.ts'
import { TAKE_LIMITS } from './limits-lua.ts'
import { type Asking, LimitCalls, parseVerdict } from './limits-wire.ts'
import { OneWrite } from './one-write.ts'
import { createRedisClient, type RedisClient } from './redis-connection.ts'
import { ReplyDeadlines } from './reply-deadlines.ts'
import { isScriptMissing, Script } from './script.ts'
import { StoreBreaker } from './store-breaker.ts'

const DEFAULT_COMMAND_TIMEOUT_MS = 50
const DEFAULT_KEY_PREFIX = 'turnpike:'

/** Runs the real script, with a write: a replica, or a Redis out of memory, would answer a PING. */
const PROBE = [{ kind: 'rate', key: 'probe', limit: 1000, periodMs: 1000, burst: 1000 }] as const
const PROBING: Asking = { cost: 1, terms: undefined }

export interface RedisStoreOptions {
  readonly url: string
  readonly keyPrefix?: string
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Meter
  /** The longest that a command is waited for. */
  readonly commandTimeoutMs?: number
  readonly random?: () => number
  /** The limits' script, with another clock in tests. */
  readonly lua?: string
}

export interface RedisStore extends LendingStore {
  readonly shared: true
  take(...args: Parameters<LendingStore['take']>): Promise<LendingVerdict>
  readonly keyPrefix: string
  /** True while connected and trusted with requests. */
  readonly healthy: boolean
  /** Sends a command under the same timeout and breaker as the limits. Rejects with STORE_UNAVAILABLE. */
  run<T>(send: (client: RedisClient) => Promise<T>): Promise<T>
  /** Asks Redis itself, whatever the breaker says. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Connects in the background: a gateway starts without Redis. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  return new ScriptedStore(options)
}

interface Receiving<T, R> {
  /** Makes the result out of the reply; what it throws is the failure. */
  read(reply: T): R
  /** Who is told how it went, if anybody. */
  readonly breaker?: StoreBreaker | undefined
  /** One that Redis may have lost: sent once more then. */
  readonly isScript?: boolean
}

type FailureReason = 'timeout' | 'connection' | 'reply'

class ScriptedStore implements RedisStore {
  readonly shared = true
  readonly keyPrefix: string
  readonly #client: RedisClient
  readonly #script: Script
  readonly #calls: LimitCalls
  readonly #writes = new OneWrite()
  readonly #breaker: StoreBreaker
  readonly #deadlines: ReplyDeadlines
  readonly #countError: (reason: FailureReason) => void
  /** The first connection: commands wait for it within their timeout, so that a new node counts from its first request. */
  #connecting: Promise<void> | undefined

  constructor(options: RedisStoreOptions) {
    const { clock, logger, meter } = options
    this.keyPrefix = options.keyPrefix ?? DEFAULT_KEY_PREFIX
    this.#deadlines = new ReplyDeadlines(clock, options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS)
    this.#script = new Script(options.lua ?? TAKE_LIMITS)
    this.#calls = new LimitCalls(this.keyPrefix)
    this.#client = createRedisClient(options.url, options.random ?? Math.random)
    this.#countError = errorCounter(meter)
    this.#breaker = new StoreBreaker({
      clock,
      probe: () => this.#take(PROBE, PROBING),
      onOpen: (reason) =>
        logger.warn({ reason: messageOf(reason) }, 'the store is down: limits follow onStoreError'),
      onClose: (openForMs) => logger.info({ downMs: Math.round(openForMs) }, 'the store is back'),
    })
    meter.gauge('store_up', 'Whether Redis is answering: 1 or 0', () => Number(this.healthy), {}, 'min')
    this.#connect()
  }

  get healthy(): boolean {
    return !this.#breaker.open && this.#client.status === 'ready'
  }

  take(...[checks, cost = 1, terms]: Parameters<LendingStore['take']>): Promise<LendingVerdict> {
    if (this.#breaker.open) return Promise.reject(new GatewayError('STORE_UNAVAILABLE'))
    return this.#take(checks, { cost, terms }, this.#breaker)
  }

  run<T>(send: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#breaker.open) return Promise.reject(new GatewayError('STORE_UNAVAILABLE'))
    return this.#send(send, { read: asItIs, breaker: this.#breaker })
  }

  async ping(): Promise<void> {
    await this.#send((client) => client.ping(), { read: asItIs })
  }

  async close(): Promise<void> {
    this.#breaker.end()
    const client = this.#client
    const connected = client.status === 'ready'
    const ended = new Promise<void>((resolve) => client.once('end', resolve))
    client.disconnect()
    // A client that waits to reconnect ends without saying so.
    if (connected) await ended
  }

  #connect(): void {
    // Without a listener ioredis writes to the console; connecting goes on by itself.
    this.#client.on('error', (error) => this.#breaker.failure(error))
    this.#client.on('ready', () => this.#breaker.probeNow())
    const settled = (): void => {
      this.#connecting = undefined
    }
    this.#connecting = this.#client.connect().then(settled, settled)
  }

  // No async functions from here on: each layer of promises costs, and every exact limit of every request waits for these.
  #take(checks: readonly LimitCheck[], asking: Asking, breaker?: StoreBreaker): Promise<LendingVerdict> {
    const args = this.#calls.arguments(checks, asking)
    return this.#send((client) => this.#script.call(client, args), {
      read: (reply) => this.#verdict(reply, checks.length, asking.terms !== undefined),
      breaker,
      isScript: true,
    })
  }

  #verdict(reply: unknown, checks: number, leasing: boolean): LendingVerdict {
    const verdict = parseVerdict(reply, checks, leasing)
    if (verdict) return verdict
    // The answer to something else: every later answer on this connection would be one off as well.
    this.#client.disconnect(true)
    throw this.#unavailable(new Error('Redis gave an answer that is not one of the script'), 'reply')
  }

  /**
   * ioredis' own command timeout is not used: its timer fires before the socket is read when the event loop was held up,
   * and would turn every pause of the process into an outage of Redis. Here what has arrived by then still counts.
   */
  #send<T, R>(
    command: (client: RedisClient) => Promise<T>,
    { read, breaker, isScript }: Receiving<T, R>,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => {
        reject(error)
        breaker?.failure(error)
      }
      const fail = (cause: Error, reason: FailureReason): void => {
        // A command that was given up fails once more when its connection is closed.
        if (awaited.onLate === undefined) return
        awaited.onLate = undefined
        refuse(this.#unavailable(cause, reason))
      }
      const awaited = this.#deadlines.start(() => {
        setImmediate(() => fail(new Error('Redis did not answer in time'), 'timeout'))
      })
      const receive = (reply: T): void => {
        const isLate = awaited.onLate === undefined
        awaited.onLate = undefined
        try {
          // Also when nobody waits any more: it may show that the connection is out of step.
          const result = read(reply)
          if (isLate) return
          resolve(result)
          breaker?.success()
        } catch (error) {
          if (!isLate) refuse(error)
        }
      }
      this.#whenConnected(command).then(receive, (error: Error) => {
        if (!isScript || !isScriptMissing(error)) return fail(error, reasonOf(error))
        if (awaited.onLate === undefined) return
        this.#write(command).then(receive, (again: Error) => fail(again, reasonOf(again)))
      })
    })
  }

  #whenConnected<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#connecting === undefined) return this.#write(command)
    return this.#connecting.then(() => this.#write(command))
  }

  #write<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    if (this.#client.status === 'ready') this.#writes.hold(this.#client.stream)
    return command(this.#client)
  }

  #unavailable(cause: unknown, reason: FailureReason): GatewayError {
    this.#countError(reason)
    return new GatewayError('STORE_UNAVAILABLE', { cause })
  }
}

const asItIs = <T>(reply: T): T => reply

function errorCounter(meter: Meter): (reason: FailureReason) => void {
  const bind = (reason: FailureReason) =>
    meter.counter('store_errors_total', 'Commands that Redis did not answer as it should', { reason })
  const counters = { timeout: bind('timeout'), connection: bind('connection'), reply: bind('reply') }
  return (reason) => counters[reason].add()
}

function reasonOf(error: Error): FailureReason {
  return error.name === 'ReplyError' ? 'reply' : 'connection'
}

function messageOf(reason: unknown): string {
  const error = reason instanceof GatewayError ? reason.cause : reason
  // In ioredis' words: "Stream isn't writeable and enableOfflineQueue options is false".
  if (error instanceof Error && error.message.includes('enableOfflineQueue')) return 'no connection to Redis'
  return error instanceof Error ? error.message : String(error)
}
