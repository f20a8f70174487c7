// How a node says through Redis that it lives, and learns how many do.
import type { RedisStore } from './redis-store.ts'

/**
 * Announces the node for `ttlMs` and resolves with the number of living nodes, itself included; a `ttlMs` of 0 takes it
 * out. Rejects with STORE_UNAVAILABLE.
 */
export function announceNode(store: RedisStore): (id: string, ttlMs: number) => Promise<number> {
  const key = `${store.keyPrefix}nodes`
  return (id, ttlMs) => store.run(async (client) => Number(await client.announceNode(key, id, ttlMs)))
}
