// The two stores and the node count: Redis when it is configured, this node's memory always.
import { randomUUID } from 'node:crypto'
import { createNodeRegistry } from './cluster/nodes.ts'
import type { Clock, Logger, Meter, Store } from './plugin.ts'
import { announceNode } from './store/announce-node.ts'
import type { LendingStore } from './store/lease.ts'
import { createLeasingStore } from './store/leasing-store.ts'
import { createMemoryStore } from './store/memory-store.ts'

export interface StoreOptions {
  /** Undefined: limits are per node. */
  readonly redis: string | undefined
  /** Where this process is one of several workers of its node. */
  readonly place?: StorePlace | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Meter
  readonly random: () => number
}

export interface StorePlace {
  /** From 1 to `workers`. */
  readonly slot: number
  readonly workers: number
  /** The node's name in the cluster. */
  readonly node: string
  /** The limits of the whole node. */
  readonly store: LendingStore
}

export interface Stores {
  readonly store: Store
  readonly localStore: Store
  /** Processes that share what holds for the cluster. */
  nodes(): number
  /** This process's part of what holds for its node. */
  ofNode(total: number): number
  close(): Promise<void>
}

/** Never waits for Redis: a gateway starts without it. */
export async function createStores(options: StoreOptions): Promise<Stores> {
  const localStore = createMemoryStore({ clock: options.clock })
  const { place, clock, logger, meter, random } = options
  const workers = place?.workers ?? 1
  const ofNode = partOf(place)
  if (options.redis === undefined) {
    const nodes = (): number => workers
    if (!place) return { store: localStore, localStore, nodes, ofNode, close: async () => {} }
    const store = createLeasingStore({ store: place.store, clock, meter, nodes })
    return { store, localStore, nodes, ofNode, close: () => store.close() }
  }
  // Loaded where there is a Redis: its client costs 50 ms at the start.
  const { createRedisStore } = await import('./store/redis-store.ts')
  const redis = createRedisStore({ url: options.redis, clock, logger, meter, random })
  // The workers of a node announce themselves as one.
  const id = place?.node ?? randomUUID()
  const registry = createNodeRegistry({ beat: announceNode(redis), id, clock, logger, random })
  const known = 'Living nodes of the cluster as this node knows them'
  meter.gauge('nodes', known, () => registry.nodes(), {}, 'max')
  const nodes = (): number => registry.nodes() * workers
  const store = createLeasingStore({ store: redis, clock, meter, nodes })
  return {
    store,
    localStore,
    nodes,
    ofNode,
    async close() {
      await store.close()
      await registry.close()
      await redis.close()
    },
  }
}

/** The parts of all workers make the total, but each has one at least where there is any. */
export function partOf(place: Pick<StorePlace, 'slot' | 'workers'> | undefined): (total: number) => number {
  if (!place) return (total) => total
  const { slot, workers } = place
  return (total) =>
    Math.max(Math.min(1, total), Math.floor(total / workers) + Number(slot <= total % workers))
}
