// An exchange, a plugin context and instruments that keep what they are given, for tests of this plugin.
import { resolve } from 'node:path'
import { auth } from '../../../../plugins/auth/auth.ts'
import {
  type Clock,
  type Consumer,
  type Exchange,
  GatewayError,
  HeaderList,
  type Hooks,
  type Logger,
  type Meter,
  type PluginContext,
  type UpstreamRequest,
} from '../../../../src/plugin.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

type RootInput = Parameters<typeof parseRoot>[0]

export interface FakeExchange extends Exchange {
  consumer: Consumer | undefined
  /** What the service would receive. */
  readonly request: UpstreamRequest
}

/** A request with these headers, as flat pairs or as an object. */
export function fakeExchange(
  headers: readonly string[] | Record<string, string> = [],
  query = '',
): FakeExchange {
  const pairs = Array.isArray(headers) ? [...headers] : Object.entries(headers).flat()
  const exchange = {
    headers: new HeaderList([...pairs]),
    query,
    consumer: undefined,
    id: 'r1',
    method: 'GET',
  }
  const request = { headers: new HeaderList([...pairs]), path: `/orders/1${query}`, method: 'GET' }
  return Object.assign(exchange, { request }) as unknown as FakeExchange
}

export function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}

export interface Fakes {
  readonly clock: FakeClock
  /** `name{label=value,...}` -> count. */
  readonly counts: Map<string, number>
  readonly logs: { readonly level: string; readonly facts: object; readonly message: string }[]
  /** The hooks of one route, as a new generation would build them. */
  route(settings: unknown, root: RootInput, options?: { folder?: string }): Hooks
  /** Runs a request; gives what was thrown, or undefined. */
  run(hooks: Hooks, exchange: Exchange): Promise<GatewayError | undefined>
  /** Closes everything that was kept, as when the last generation ends. */
  close(): Promise<void>
}

export function parseRoot(input: { auth?: unknown; consumers?: unknown }) {
  return auth.root!.parse(input)
}

export function fakes(clock: FakeClock = new FakeClock()): Fakes {
  const counts = new Map<string, number>()
  const logs: { level: string; facts: object; message: string }[] = []
  const kept = new Map<string, { close?(): Promise<void> }>()
  const base = { clock, meter: fakeMeter(counts), logger: fakeLogger(logs), random: () => 0.5 }
  return {
    clock,
    counts,
    logs,
    route(settings, rootInput, options = {}) {
      const root = parseRoot(rootInput)
      const parsed = auth.settings.parse(settings)
      const share = (key: string, create: () => object): object => {
        const value = kept.get(key) ?? create()
        kept.set(key, value)
        return value
      }
      const resolvePath = (path: string): string => resolve(options.folder ?? '.', path)
      const context = { ...base, root, share, resolvePath, route: 'orders.read' } as unknown
      return auth.create(parsed, context as PluginContext<typeof parsed, typeof root>) as Hooks
    },
    run,
    async close() {
      for (const value of kept.values()) await value.close?.()
      kept.clear()
    },
  }
}

export async function run(hooks: Hooks, exchange: Exchange): Promise<GatewayError | undefined> {
  try {
    await hooks.onRequest?.(exchange)
    return undefined
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
}

/** The values of `WWW-Authenticate` in the answer. */
export function challenges(error: GatewayError | undefined): string[] {
  return new HeaderList([...(error?.headers ?? [])]).all('www-authenticate')
}

export function fakeMeter(counts = new Map<string, number>()): Meter {
  return {
    counter(name, _description, labels = {}) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
      const key = `${name}{${pairs.join(',')}}`
      return { add: (amount = 1) => void counts.set(key, (counts.get(key) ?? 0) + amount) }
    },
    gauge() {},
  }
}

export function fakeLogger(logs: { level: string; facts: object; message: string }[] = []): Logger {
  const at = (level: string) => (facts: object, message: string) => void logs.push({ level, facts, message })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export function secondsOf(clock: Clock): number {
  return Math.floor(clock.epochMs() / 1000)
}
