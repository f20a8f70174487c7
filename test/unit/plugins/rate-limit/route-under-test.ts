// A route with the plugin's hooks in the engine's own chain, an identity stage and a service, on a clock of the test.
import { rateLimit } from '../../../../plugins/rate-limit/rate-limit.ts'
import type { RateLimitSettings } from '../../../../plugins/rate-limit/settings.ts'
import { compileChain } from '../../../../src/chain/chain.ts'
import { type RunningExchange, runChain } from '../../../../src/chain/run.ts'
import {
  type Consumer,
  type GatewayError,
  HeaderList,
  type Layer,
  type LimitCheck,
  type LimitVerdict,
  type PlacedHooks,
  type PluginContext,
  type Store,
  type UpstreamResponse,
} from '../../../../src/plugin.ts'
import { createMemoryStore } from '../../../../src/store/memory-store.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { RecordingLogger, RecordingMeter } from '../../store/recorders.ts'

/** What all routes of one gateway share. */
export interface Surroundings {
  readonly clock: FakeClock
  readonly meter: RecordingMeter
  readonly store: Store
  readonly localStore: Store
  nodes: number
  readonly shared: Map<string, object>
}

export function surroundings(store?: (clock: FakeClock) => Store): Surroundings {
  const clock = new FakeClock()
  const localStore = createMemoryStore({ clock })
  return {
    clock,
    meter: new RecordingMeter(),
    store: store?.(clock) ?? localStore,
    localStore,
    nodes: 1,
    shared: new Map(),
  }
}

type Written = Partial<Record<Layer['level'], unknown>>

export interface RouteOptions {
  readonly route?: string
  readonly service?: string
  /** The identity stage: sets the consumer, or throws. */
  identify?(exchange: RunningExchange): void
  /** Response headers of the service, as pairs. */
  readonly responseHeaders?: readonly string[]
}

export interface Sent {
  readonly status: number
  readonly headers: HeaderList
  readonly error: GatewayError | undefined
}

export interface Request {
  readonly ip?: string
  readonly headers?: readonly string[]
  /** Milliseconds that the service takes. */
  readonly tookMs?: number
}

export class RouteUnderTest {
  readonly hooks: readonly PlacedHooks[]
  /** Requests that reached the service. */
  served = 0
  /** Requests that reached the identity stage. */
  identified = 0
  readonly #options: RouteOptions
  readonly #around: Surroundings

  /** `written`: what the config says at each level. */
  constructor(written: Written, around: Surroundings, options: RouteOptions = {}) {
    this.#around = around
    this.#options = options
    const layers = (['defaults', 'service', 'route'] as const)
      .filter((level) => level in written)
      .map((level) => ({ level, settings: parse(written[level]), origin: `${level}.yaml:1` }))
    this.hooks = rateLimit.create(layers.at(-1)!.settings, contextOf(layers, around, options))
  }

  async send({ ip = '192.0.2.1', headers = [], tookMs = 0 }: Request = {}): Promise<Sent> {
    const identity: PlacedHooks = {
      stage: 'identity',
      onRequest: (exchange) => {
        this.identified++
        this.#options.identify?.(exchange as RunningExchange)
      },
    }
    const call = async (): Promise<UpstreamResponse> => {
      this.served++
      await this.#around.clock.advance(tookMs)
      return {
        status: 200,
        headers: new HeaderList([...(this.#options.responseHeaders ?? [])]),
        body: noBody,
      }
    }
    const exchange = fakeExchange(ip, headers)
    const answer = await runChain(compileChain([...this.hooks, identity], call), exchange, {
      fromDirect: ({ status }) => ({ status, headers: new HeaderList(), body: '' }),
      fromError: (error) => ({ status: error.status, headers: new HeaderList([...error.headers]), body: '' }),
    })
    return { status: answer.status, headers: answer.headers, error: exchange.error }
  }

  /** Statuses of requests sent one after the other. */
  async statuses(times: number, request?: Request): Promise<number[]> {
    const seen: number[] = []
    for (let time = 0; time < times; time++) seen.push((await this.send(request)).status)
    return seen
  }
}

export function parse(written: unknown): RateLimitSettings {
  return rateLimit.settings.parse(written)
}

export function consumer(id: string, tier?: string): Consumer {
  return { id, tier, scopes: [], claims: {} }
}

/** A store that counts its calls and can be told to fail. */
export class WatchedStore implements Store {
  readonly shared = true
  readonly calls: (readonly LimitCheck[])[] = []
  failure: Error | undefined
  readonly #inner: Store

  constructor(clock: FakeClock) {
    this.#inner = createMemoryStore({ clock })
  }

  async take(checks: readonly LimitCheck[], cost?: number): Promise<LimitVerdict> {
    this.calls.push(checks)
    if (this.failure) throw this.failure
    return this.#inner.take(checks, cost)
  }
}

const noBody: UpstreamResponse['body'] = {
  complete: [],
  stream: (sink) => sink.end([]),
  resume: () => {},
  discard: () => {},
  onEnd: (listener) => listener(undefined),
}

function contextOf(
  layers: readonly Layer<RateLimitSettings>[],
  around: Surroundings,
  { route = 'orders.read', service = 'orders' }: RouteOptions,
): PluginContext<RateLimitSettings> {
  return {
    route,
    service,
    layers,
    scope: route,
    root: undefined,
    logger: new RecordingLogger(),
    meter: around.meter,
    store: around.store,
    localStore: around.localStore,
    clock: around.clock,
    random: () => 0.5,
    nodes: () => around.nodes,
    ofNode: (total) => total,
    resolvePath: (path) => path,
    keep: (_key, create) => create(),
    share: <T extends object>(key: string, create: () => T) => {
      const state = around.shared.get(key) ?? create()
      around.shared.set(key, state)
      return state as T
    },
  }
}

function fakeExchange(clientIp: string, headers: readonly string[]): RunningExchange {
  const exchange: Partial<RunningExchange> = {
    id: 'test',
    method: 'GET',
    clientIp,
    headers: new HeaderList([...headers]),
    consumer: undefined,
    error: undefined,
    answer: undefined,
  }
  return exchange as RunningExchange
}
