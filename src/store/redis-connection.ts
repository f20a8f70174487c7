// The ioredis client with every default changed that would make a request wait for Redis.
import { isIP } from 'node:net'
import { Redis, type RedisOptions } from 'ioredis'
import { ANNOUNCE_NODE } from './announce-node-lua.ts'
import { guardReplies } from './reply-guard.ts'

/** Long enough for TLS to another region, short enough to find a Redis that has come back within 2 s. */
const CONNECT_TIMEOUT_MS = 500

/** A socket that swallows what it is sent is given up after this long: nothing else frees a black-holed connection. */
const SOCKET_TIMEOUT_MS = 500

const MIN_RECONNECT_MS = 50
const MAX_RECONNECT_MS = 500

/** ioredis waits for the peer's FIN this long before it destroys a socket that it has given up. */
const DISCONNECT_TIMEOUT_MS = 100

/** How often a Redis that is loading its data is asked whether it has finished. */
const LOADING_RETRY_MS = 500

const SCRIPTS = { announceNode: { lua: ANNOUNCE_NODE, numberOfKeys: 1 } }

/** What `defineCommand` adds to the client. */
interface ScriptCommands {
  announceNode(key: string, id: string, ttlMs: number): Promise<unknown>
}

export type RedisClient = Redis & ScriptCommands

export function createRedisClient(url: string, random: () => number): RedisClient {
  guardReplies()
  // The URL is taken apart here: ioredis lets options in its query override those in code.
  const client = new Redis({ ...parseRedisUrl(url), ...bounded(random), scripts: SCRIPTS })
  return client as RedisClient
}

export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: { readonly servername?: string }
}

/** `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.parse(text)
  const [, db] = /^\/?(\d*)$/.exec(url?.pathname ?? '') ?? []
  const username = decode(url?.username)
  const password = decode(url?.password)
  if (!url?.hostname || !/^rediss?:$/.test(url.protocol) || [db, username, password].includes(undefined)) {
    // The text is not repeated: it may hold a password.
    throw new TypeError(
      'not a Redis URL: write redis://host:6379, redis://:password@host:6379/0 or rediss://host',
    )
  }
  // An IPv6 address has brackets in a URL and none in a socket address.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return {
    host,
    port: Number(url.port || 6379),
    db: Number(db),
    ...(username && { username }),
    ...(password && { password }),
    // Node sends no server name by itself, and refuses an address as one.
    ...(url.protocol === 'rediss:' && { tls: isIP(host) ? {} : { servername: host } }),
  }
}

function decode(text = ''): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function bounded(random: () => number) {
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    keepAlive: 5000,
    connectionName: 'turnpike',
    disableClientInfo: true,
    // RESP3 brings a limiter nothing, and proxies in front of Redis often lack it.
    protocol: 2,
    // A thousand gateways must not knock at the same moment when Redis returns: the upper half is random.
    retryStrategy: (times) => {
      const ceiling = Math.min(MIN_RECONNECT_MS * 2 ** (times - 1), MAX_RECONNECT_MS)
      return ceiling * (0.5 + random() / 2)
    },
    // After a failover the old primary answers as a replica; a new connection finds the new one behind the name.
    reconnectOnError: (error) => error.message.includes('READONLY'),
  } satisfies RedisOptions
}
