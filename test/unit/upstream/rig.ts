// What a test of the upstream side needs: services on a clock that stands still, requests, and readers of bodies.
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { HeaderList } from '../../../src/headers.ts'
import type {
  Attempt,
  CancelListener,
  Exchange,
  GatewayError,
  RequestBody,
  ResponseHead,
  UpstreamRequest,
  UpstreamResponse,
} from '../../../src/plugin.ts'
import { Turn } from '../../../src/turn.ts'
import { createService, type Service } from '../../../src/upstream/service.ts'
import type { ServiceSettings } from '../../../src/upstream/settings.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startRawTarget } from '../../support/target-server.ts'

export interface Started {
  readonly url: string
  readonly headers: readonly string[]
}

export interface Rig {
  readonly service: Service
  readonly clock: FakeClock
  /** Attempts in the order of their end. */
  readonly ended: Attempt[]
  readonly started: Started[]
  readonly logged: { readonly facts: object; readonly message: string }[]
  /** Header pairs that each attempt is given by its span. */
  trace: readonly string[]
}

export const SETTINGS: ServiceSettings = {
  name: 'orders',
  targets: [],
  balance: 'p2c',
  ejection: false,
  connections: { max: 10, queue: 10, connectTimeoutMs: 5000, idleTimeoutMs: 60_000, headLimitBytes: 32_768 },
}

/** Targets by URL, all of the same weight. */
export const targets = (...urls: string[]) => urls.map((url) => ({ url, weight: 1 }))

/** A service that is closed with the test. */
export function startService(settings: Partial<ServiceSettings>, random = () => 0): Rig {
  const clock = new FakeClock()
  const rig = { clock, ended: [], started: [], logged: [], trace: [] as readonly string[] } as unknown as Rig
  const note = (facts: object, message: string) => void rig.logged.push({ facts, message })
  const observer = {
    start(_exchange: Exchange, { url }: { readonly url: string }) {
      rig.started.push({ url, headers: rig.trace })
      return { headers: rig.trace, end: (attempt: Attempt) => void rig.ended.push(attempt) }
    },
  }
  const logger = { debug: note, info: note, warn: note, error: note }
  const service = createService(
    { ...SETTINGS, ...settings },
    {
      ...{ clock, random, logger, observer },
      turn: new Turn(),
    },
  )
  onTestFinished(async () => {
    await Promise.all(service.targets.map((target) => target.pool.destroy()))
  })
  return Object.assign(rig, { service })
}

export interface TestExchange extends Exchange {
  readonly abort: AbortController
  readonly cancelListeners: ReadonlySet<CancelListener>
  /** Informational responses that the client was told of: status and header pairs. */
  readonly informed: readonly (string | number)[][]
}

export function createExchange(overrides: Partial<Exchange> = {}): TestExchange {
  const abort = new AbortController()
  const cancelListeners = new Set<CancelListener>()
  abort.signal.addEventListener('abort', () => {
    for (const listener of cancelListeners) listener(abort.signal.reason)
  })
  const informed: (string | number)[][] = []
  return {
    abort,
    cancelListeners,
    signal: abort.signal,
    get cancelled() {
      return abort.signal.reason
    },
    onCancel: (listener: CancelListener) => cancelListeners.add(listener),
    offCancel: (listener: CancelListener) => cancelListeners.delete(listener),
    attempts: [],
    deadlineAt: Number.POSITIVE_INFINITY,
    headers: new HeaderList(),
    clientIp: '203.0.113.9',
    consumer: undefined,
    inform: (head: ResponseHead) => void informed.push([head.status, ...head.headers.pairs]),
    informed,
    ...overrides,
  } as unknown as TestExchange
}

export interface RequestOptions {
  readonly exchange?: Exchange
  readonly method?: string
  readonly path?: string
  readonly headers?: string[]
  readonly body?: RequestBody
  readonly attemptTimeoutMs?: number
  readonly idleTimeoutMs?: number
}

export function createRequest(options: RequestOptions = {}): UpstreamRequest {
  return {
    exchange: options.exchange ?? createExchange(),
    method: options.method ?? 'GET',
    path: options.path ?? '/x',
    headers: new HeaderList(options.headers ?? ['Host', 'gw.test']),
    body: options.body ?? bodyOf(undefined),
    attemptTimeoutMs: options.attemptTimeoutMs ?? Number.POSITIVE_INFINITY,
    idleTimeoutMs: options.idleTimeoutMs ?? Number.POSITIVE_INFINITY,
  }
}

export function bodyOf(content: string | Readable | undefined): RequestBody {
  return {
    present: content !== undefined,
    length: typeof content === 'string' ? content.length : undefined,
    replayable: typeof content !== 'object',
    awaitsClient: false,
    awaitsContinue: false,
    retain: () => {},
    limit: () => {},
    open: () =>
      typeof content === 'object' ? content : Readable.from([Buffer.from(content ?? '', 'latin1')]),
  }
}

export interface Collected {
  readonly status: number
  readonly pairs: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
  readonly failure: GatewayError | undefined
}

/** Reads a response to its end or its failure. */
export async function collect(responding: UpstreamResponse | Promise<UpstreamResponse>): Promise<Collected> {
  const { status, headers, body } = await responding
  const chunks: Buffer[] = []
  return new Promise((resolve) => {
    const finish = (trailers: readonly string[], failure?: GatewayError) =>
      resolve({
        status,
        pairs: headers.pairs,
        body: Buffer.concat(chunks).toString('latin1'),
        trailers,
        failure,
      })
    body.stream({
      write: (chunk) => {
        chunks.push(Buffer.from(chunk))
        return true
      },
      end: (trailers) => finish(trailers),
      fail: (failure) => finish([], failure),
    })
  })
}

/** The failure of a call that must fail. */
export async function failureOf(responding: Promise<UpstreamResponse>): Promise<GatewayError> {
  const outcome: unknown = await responding.then(
    ({ status }) => new Error(`answered ${status}`),
    (failure: unknown) => failure,
  )
  return outcome as GatewayError
}

export interface RawTarget {
  readonly url: string
  readonly port: number
  /** Every connection so far, closed ones too. */
  readonly accepted: Socket[]
  /** Requests so far, heads and bodies as they came. */
  readonly requests: string[]
}

/** A target that does by hand what it is told for each request; it ends with the test. */
export async function startRaw(onRequest: (socket: Socket, request: string) => void): Promise<RawTarget> {
  const accepted: Socket[] = []
  const requests: string[] = []
  const target = await startRawTarget((socket) => {
    accepted.push(socket)
    let head = ''
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const request = head
      head = ''
      requests.push(request)
      onRequest(socket, request)
    })
  })
  onTestFinished(() => target.close())
  return { url: target.url, port: target.port, accepted, requests }
}

/** Resolves when the condition holds; looks again whenever the event loop has turned. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve))
}

export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** A response head that announces six bytes. */
export const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n'

/** A service in front of one target that does by hand what it is told. */
export async function startRawService(
  onRequest: Parameters<typeof startRaw>[0],
  connections?: { max: number; queue: number },
) {
  const target = await startRaw(onRequest)
  const rig = startService({
    targets: targets(target.url),
    connections: { ...SETTINGS.connections, ...connections },
  })
  const call = (options: RequestOptions = {}) => rig.service.call(createRequest(options))
  return { target, rig, call }
}

/** Resolves when so many requests have arrived. */
export const asked = (target: RawTarget, count = 1) => eventually(() => target.requests.length === count)

/** Resolves when the connection is gone. */
export const closed = (target: RawTarget, at = 0) => eventually(() => target.accepted[at]!.destroyed)
