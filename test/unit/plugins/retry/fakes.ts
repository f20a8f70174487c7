// Stand-ins for what the engine gives a resilience plugin: exchange, body, response, context with its instruments.
import { Readable } from 'node:stream'
import {
  type CancelListener,
  type Exchange,
  GatewayError,
  HeaderList,
  type Labels,
  type Logger,
  type Meter,
  type PluginContext,
  type RequestBody,
  type ResponseBody,
  type Store,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../../../src/plugin.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

export class FakeRequestBody implements RequestBody {
  present = false
  readonly awaitsClient = false
  readonly awaitsContinue = false
  length: number | undefined
  replayable = true
  readonly retained: number[] = []

  constructor(facts: Partial<Pick<FakeRequestBody, 'present' | 'length' | 'replayable'>> = {}) {
    Object.assign(this, facts)
  }

  retain(bytes: number): void {
    this.retained.push(bytes)
  }

  limit(): void {}

  open(): Readable {
    return Readable.from([])
  }
}

export class FakeResponseBody implements ResponseBody {
  readonly complete = undefined
  discarded = false
  #ended = false
  readonly #listeners: ((failure: GatewayError | undefined) => void)[] = []

  stream(): void {}

  resume(): void {}

  discard(): void {
    this.discarded = true
    this.end()
  }

  onEnd(listener: (failure: GatewayError | undefined) => void): void {
    if (this.#ended) listener(undefined)
    else this.#listeners.push(listener)
  }

  end(failure?: GatewayError): void {
    if (this.#ended) return
    this.#ended = true
    for (const listener of this.#listeners) listener(failure)
  }
}

export interface FakeResponse extends UpstreamResponse {
  readonly body: FakeResponseBody
}

export function response(status: number, ...pairs: string[]): FakeResponse {
  return { status, headers: new HeaderList(pairs), body: new FakeResponseBody() }
}

export interface ExchangeFacts {
  readonly method?: string
  readonly headers?: string[]
  readonly body?: FakeRequestBody
  readonly deadlineAt?: number
  readonly startedAt?: number
}

export class FakeExchange implements Exchange {
  grpc: string | undefined
  readonly grpcStatus = undefined
  readonly id = 'exchange-1'
  readonly startedAt: number
  readonly method: string
  readonly scheme = 'http'
  readonly host = 'api.example.com'
  readonly path = '/orders/1'
  readonly query = ''
  readonly clientIp = '192.0.2.1'
  readonly headers: HeaderList
  readonly route = { id: 'orders.read', service: 'orders', pattern: '/orders/*' }
  readonly params = {}
  consumer = undefined
  deadlineAt: number
  readonly trace = undefined
  readonly attempts = []
  readonly upgrade = undefined
  readonly request: UpstreamRequest
  readonly status = 0
  readonly error = undefined
  readonly client = new AbortController()
  readonly cancelListeners = new Set<CancelListener>()

  constructor({
    method = 'GET',
    headers = [],
    body,
    deadlineAt = Number.POSITIVE_INFINITY,
    startedAt = 0,
  }: ExchangeFacts = {}) {
    this.method = method
    this.startedAt = startedAt
    this.headers = new HeaderList(headers)
    this.deadlineAt = deadlineAt
    this.request = {
      exchange: this,
      method,
      path: this.path,
      headers: new HeaderList([...headers]),
      body: body ?? new FakeRequestBody(),
      attemptTimeoutMs: Number.POSITIVE_INFINITY,
      idleTimeoutMs: Number.POSITIVE_INFINITY,
    }
  }

  get signal(): AbortSignal {
    return this.client.signal
  }

  get cancelled(): GatewayError | undefined {
    return this.client.signal.reason
  }

  onCancel(listener: CancelListener): void {
    this.cancelListeners.add(listener)
  }

  offCancel(listener: CancelListener): void {
    this.cancelListeners.delete(listener)
  }

  /** The client goes away. */
  hangUp(): void {
    const reason = new GatewayError('CLIENT_CLOSED')
    this.client.abort(reason)
    for (const listener of this.cancelListeners) listener(reason)
  }

  inform(): void {}

  respond(): void {
    throw new Error('a resilience plugin answers by throwing')
  }
}

export class FakeMeter implements Meter {
  readonly counts = new Map<string, number>()
  readonly gauges = new Map<string, () => number>()

  counter(name: string, _description: string, labels: Labels = {}) {
    const series = seriesOf(name, labels)
    return { add: (amount = 1) => void this.counts.set(series, (this.counts.get(series) ?? 0) + amount) }
  }

  gauge(name: string, _description: string, read: () => number, labels: Labels = {}): void {
    this.gauges.set(seriesOf(name, labels), read)
  }

  read(series: string): number | undefined {
    return this.gauges.get(series)?.()
  }
}

function seriesOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`)
  return `${name}{${pairs.join(',')}}`
}

export interface LogLine {
  readonly level: string
  readonly facts: object
  readonly message: string
}

class FakeLogger implements Logger {
  readonly lines: LogLine[] = []

  debug(facts: object, message: string): void {
    this.lines.push({ level: 'debug', facts, message })
  }

  info(facts: object, message: string): void {
    this.lines.push({ level: 'info', facts, message })
  }

  warn(facts: object, message: string): void {
    this.lines.push({ level: 'warn', facts, message })
  }

  error(facts: object, message: string): void {
    this.lines.push({ level: 'error', facts, message })
  }
}

const noStore: Store = {
  shared: false,
  take: () => {
    throw new Error('a resilience plugin needs no store')
  },
}

/** A context whose parts a test can look into; `kept` stands for the process's memory of kept state. */
export class FakeContext<S> implements PluginContext<S> {
  readonly route: string
  readonly service = 'orders'
  readonly scope: string
  readonly layers = []
  readonly root = undefined
  readonly logger = new FakeLogger()
  readonly meter: FakeMeter
  readonly store = noStore
  readonly localStore = noStore
  readonly clock: FakeClock
  readonly kept: Map<string, object>
  randoms: number[] = []
  nodeCount = 1

  constructor({
    route = 'orders.read',
    scope = 'orders',
    kept = new Map<string, object>(),
    clock = new FakeClock(),
    meter = new FakeMeter(),
  } = {}) {
    this.route = route
    this.scope = scope
    this.kept = kept
    this.clock = clock
    this.meter = meter
  }

  /** What the test has lined up, then 0.5. */
  readonly random = (): number => this.randoms.shift() ?? 0.5

  readonly nodes = (): number => this.nodeCount
  ofNode = (total: number): number => total

  resolvePath(path: string): string {
    return path
  }

  share<T extends object>(key: string, create: () => T): T {
    return this.keep(`shared ${key}`, create)
  }

  keep<T extends object>(key: string, create: () => T): T {
    const state = (this.kept.get(key) as T | undefined) ?? create()
    this.kept.set(key, state)
    return state
  }
}

/** The GatewayError that a promise rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<GatewayError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (thrown instanceof GatewayError) return thrown
  throw new Error('expected a GatewayError', { cause: thrown })
}
