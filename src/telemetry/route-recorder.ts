// What is counted and logged when an exchange of one route has ended: every series is bound before or once.
import type { Clock, Exchange, Labels, RouteFacts } from '../plugin.ts'
import type { AccessLog, FinishFacts, SwitchedFacts } from './access-log.ts'
import { INSTRUMENTS } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { knownMethod, outcomeKey, outcomeLabels } from './outcome.ts'
import type { CounterSeries, HistogramSeries } from './series.ts'
import type { ServiceRecorder } from './service-recorder.ts'

/** Outcomes of one route; a service that answers with ever new statuses gets one more series for the rest. */
const MAX_OUTCOMES = 100

export interface RouteRecorder {
  /** A 101 was sent: the exchange over HTTP has ended, the connection lives on until `finish`. */
  switched(exchange: Exchange): void
  /** Exactly once per exchange, when the client has its answer or is gone. */
  finish(exchange: Exchange, facts: FinishFacts): void
}

export interface RecorderParts {
  readonly registry: MetricRegistry
  readonly clock: Clock
  /** Undefined: no access log. */
  readonly accessLog: AccessLog | undefined
  /** Undefined for the exchanges that no route matched. */
  readonly service: ServiceRecorder | undefined
}

interface Totals {
  readonly received: CounterSeries
  readonly sent: CounterSeries
  readonly aborted: CounterSeries
}

export class OutcomeRecorder implements RouteRecorder {
  readonly #parts: RecorderParts
  readonly #owner: Labels
  readonly #pattern: Labels
  readonly #outcomes = new Map<number, HistogramSeries>()
  #totals: Totals | undefined
  #rest: HistogramSeries | undefined

  constructor(route: RouteFacts | undefined, parts: RecorderParts) {
    this.#parts = parts
    this.#owner = route ? { route: route.id, service: route.service } : {}
    this.#pattern = route ? { http_route: route.pattern } : {}
  }

  switched(exchange: Exchange): void {
    this.#answered(exchange, this.#parts.clock.now())
  }

  finish(exchange: Exchange, facts: FinishFacts): void {
    const endedAt = this.#parts.clock.now()
    if (facts.switched) this.#closed(facts.switched)
    else this.#answered(exchange, endedAt)
    this.#totals ??= this.#bindTotals()
    this.#totals.received.add(facts.bytesIn)
    this.#totals.sent.add(facts.bytesOut)
    if (facts.aborted) this.#totals.aborted.add(1)
    this.#parts.accessLog?.(exchange, facts, endedAt - exchange.startedAt)
  }

  #closed({ cause = 'OK' }: SwitchedFacts): void {
    this.#parts.registry.bindCounter(INSTRUMENTS.webSockets, { ...this.#owner, cause }).add(1)
  }

  #answered(exchange: Exchange, now: number): void {
    this.#outcome(exchange).record((now - exchange.startedAt) / 1000)
    this.#parts.service?.record(exchange.attempts, now)
  }

  #outcome(exchange: Exchange): HistogramSeries {
    const { method } = exchange
    const key = outcomeKey(method, exchange)
    const known = this.#outcomes.get(key)
    if (known) return known
    if (this.#outcomes.size >= MAX_OUTCOMES) {
      this.#rest ??= this.#bind({ http_request_method: '_OTHER' })
      return this.#rest
    }
    const made = this.#bind({ http_request_method: knownMethod(method), ...outcomeLabels(exchange) })
    this.#outcomes.set(key, made)
    return made
  }

  #bind({ http_request_method: method = '_OTHER', ...outcome }: Labels): HistogramSeries {
    const labels = { http_request_method: method, ...this.#pattern, ...this.#owner, ...outcome }
    return this.#parts.registry.bindHistogram(INSTRUMENTS.serverDuration, labels)
  }

  /** With the first exchange: zeros of 10,000 quiet routes would be 3 MB in every scrape. */
  #bindTotals(): Totals {
    const { registry } = this.#parts
    return {
      received: registry.bindCounter(INSTRUMENTS.receivedBytes, this.#owner),
      sent: registry.bindCounter(INSTRUMENTS.sentBytes, this.#owner),
      aborted: registry.bindCounter(INSTRUMENTS.aborted, this.#owner),
    }
  }
}
