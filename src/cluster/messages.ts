// What the primary process and its workers say to each other, and the check of what arrives.
import type { LimitVerdict } from '../plugin.ts'

/** What a worker is within its node. */
export interface Post {
  /** From 1; a worker that takes the place of a dead one has its slot. */
  readonly slot: number
  /** How many there are. */
  readonly workers: number
  /** The node's name in the cluster, the same for all its workers. */
  readonly node: string
}

/** What a generation is built from; plain data of the assembly, passed on unread. */
export interface Plan {
  readonly number: number
  readonly config: unknown
}

/** `counts` is `metrics` without the gauges. */
export type Question = 'metrics' | 'counts' | 'services'

/** A call to the store of the node: what its `take` is given. */
export interface StoreCall {
  readonly id: number
  readonly args: readonly unknown[]
}

export interface StoreReply {
  readonly id: number
  readonly verdict: LimitVerdict
}

export type ToWorker =
  | ({ readonly kind: 'start'; readonly post: Post; readonly ticketKeys: string } & Plan)
  /** In base64, as there. */
  | { readonly kind: 'ticketKeys'; readonly ticketKeys: string }
  | ({ readonly kind: 'prepare' } & Plan)
  | { readonly kind: 'commit'; readonly number: number }
  | { readonly kind: 'abort'; readonly number: number }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question }
  | { readonly kind: 'verdicts'; readonly replies: readonly StoreReply[] }
  | { readonly kind: 'drain' }

export type FromWorker =
  /** It listens to messages now: Node hands none over that arrived before. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'prepared'; readonly number: number }
  /** `addresses` is where clients connect, as the assembly knows it. */
  | { readonly kind: 'serving'; readonly number: number; readonly addresses: unknown }
  | { readonly kind: 'refused'; readonly number: number; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'takes'; readonly calls: readonly StoreCall[] }
  /** A generation that was replaced has ended its last exchange. */
  | { readonly kind: 'retired' }
  | { readonly kind: 'drained'; readonly clean: boolean; readonly metrics: unknown }

type Field = 'number' | 'string' | 'boolean' | 'array' | 'any'

const FIELDS: { readonly [K in FromWorker['kind']]: Readonly<Record<string, Field>> } = {
  hello: {},
  prepared: { number: 'number' },
  serving: { number: 'number', addresses: 'any' },
  refused: { number: 'number', reason: 'string' },
  answer: { id: 'number', value: 'any' },
  takes: { calls: 'array' },
  retired: {},
  drained: { clean: 'boolean', metrics: 'any' },
}

/** Undefined for what is no message: a plugin may call `process.send` too, and must not take the primary down. */
export function readFromWorker(value: unknown): FromWorker | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const message = value as Record<string, unknown>
  const { kind } = message
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind)) return undefined
  const fields = Object.entries(FIELDS[kind as FromWorker['kind']])
  const fits = fields.every(([name, field]) => isField(message[name], field))
  return fits ? (message as unknown as FromWorker) : undefined
}

function isField(value: unknown, field: Field): boolean {
  if (field === 'any') return true
  return field === 'array' ? Array.isArray(value) : typeof value === field
}
