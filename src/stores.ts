// The two stores and the node count: Redis when it is configured, this node's memory always.
import { randomUUID } from 'node:crypto'
import { createNodeRegistry } from './cluster/nodes.ts'
import type { Clock, Logger, Meter, Store } from './plugin.ts'
import { announceNode } from './store/announce-node.ts'
import { createMemoryStore } from './store/memory-store.ts'
import { createRedisStore } from './store/redis-store.ts'

export interface StoreOptions {
  /** Undefined: limits are per node. */
  readonly redis: string | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Meter
  readonly random: () => number
}

export interface Stores {
  readonly store: Store
  readonly localStore: Store
  nodes(): number
  close(): Promise<void>
}

/** Never waits for Redis: a gateway starts without it. */
export function createStores(options: StoreOptions): Stores {
  const localStore = createMemoryStore({ clock: options.clock })
  if (options.redis === undefined) {
    return { store: localStore, localStore, nodes: () => 1, close: async () => {} }
  }
  const { clock, logger, meter, random } = options
  const store = createRedisStore({ url: options.redis, clock, logger, meter, random })
  const registry = createNodeRegistry({ beat: announceNode(store), id: randomUUID(), clock, logger, random })
  meter.gauge('nodes', 'Living nodes of the cluster as this node knows them', () => registry.nodes())
  return {
    store,
    localStore,
    nodes: () => registry.nodes(),
    async close() {
      await registry.close()
      await store.close()
    },
  }
}
