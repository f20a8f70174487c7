// What workers report, as the primary adds it up.
import { describe, expect, it } from 'vitest'
import { INSTRUMENTS } from '../../../src/telemetry/instruments.ts'
import { MetricRegistry } from '../../../src/telemetry/metric-registry.ts'
import { MetricReporter } from '../../../src/telemetry/metric-report.ts'
import { prometheusText } from '../../../src/telemetry/prometheus-text.ts'
import { WorkerMetrics } from '../../../src/telemetry/worker-metrics.ts'

function worker(slot: number) {
  const registry = new MetricRegistry()
  return { slot, registry, reporter: new MetricReporter(registry, String(slot)) }
}

function primary() {
  const registry = new MetricRegistry()
  const metrics = new WorkerMetrics(registry)
  return {
    metrics,
    /** As it arrives over a channel for messages. */
    async collect(from: ReturnType<typeof worker>, whole = true) {
      metrics.add(from.slot, JSON.parse(JSON.stringify(await from.reporter.take(whole))))
    },
    async lines(name: string) {
      const text = (await prometheusText(registry.collect())).join('')
      return text.split('\n').filter((line) => line.startsWith(name))
    },
  }
}

describe('counters and histograms', () => {
  it('of all workers are added up', async () => {
    const [one, two, node] = [worker(1), worker(2), primary()]
    one.registry.counter('retries', 'x', { scope: 'a' }).add(3)
    two.registry.counter('retries', 'x', { scope: 'a' }).add(4)
    two.registry.counter('retries', 'x', { scope: 'b' })
    one.registry.bindHistogram(INSTRUMENTS.serverDuration, { route: 'r' }).record(0.02)
    two.registry.bindHistogram(INSTRUMENTS.serverDuration, { route: 'r' }).record(20)
    await node.collect(one)
    await node.collect(two)
    expect(await node.lines('gateway_retries_total')).toEqual([
      'gateway_retries_total{scope="a"} 7',
      'gateway_retries_total{scope="b"} 0',
    ])
    expect(await node.lines('http_server_request_duration_seconds_')).toContain(
      'http_server_request_duration_seconds_bucket{route="r",le="0.025"} 1',
    )
    expect(await node.lines('http_server_request_duration_seconds_count')).toEqual([
      'http_server_request_duration_seconds_count{route="r"} 2',
    ])
    expect(await node.lines('http_server_request_duration_seconds_sum')).toEqual([
      'http_server_request_duration_seconds_sum{route="r"} 20.02',
    ])
  })

  it('are told once: a report holds what the one before did not', async () => {
    const [one, node] = [worker(1), primary()]
    const counter = one.registry.counter('retries', 'x')
    const histogram = one.registry.bindHistogram(INSTRUMENTS.serverDuration, {})
    for (const amount of [1, 2, 0]) {
      counter.add(amount)
      if (amount > 0) histogram.record(amount)
      await Promise.all([node.collect(one), node.collect(one, false)])
    }
    expect(await node.lines('gateway_retries_total')).toEqual(['gateway_retries_total 3'])
    expect(await node.lines('http_server_request_duration_seconds_sum')).toEqual([
      'http_server_request_duration_seconds_sum 3',
    ])
    const { families } = await one.reporter.take(false)
    expect(families).toEqual([])
  })

  it('go on where a dead worker has ended', async () => {
    const [first, second, node] = [worker(1), worker(1), primary()]
    first.registry.counter('retries', 'x').add(5)
    first.registry.observe(INSTRUMENTS.processCpu, () => 10)
    await node.collect(first)
    node.metrics.forget(1)
    second.registry.counter('retries', 'x').add(1)
    second.registry.observe(INSTRUMENTS.processCpu, () => 2)
    await node.collect(second)
    expect(await node.lines('gateway_retries_total')).toEqual(['gateway_retries_total 6'])
    expect(await node.lines('process_cpu_seconds_total')).toEqual([
      'process_cpu_seconds_total{worker="1"} 12',
    ])
  })
})

it('a series that a worker has dropped is dropped', async () => {
  const [one, node] = [worker(1), primary()]
  const series = one.registry.bindHistogram(INSTRUMENTS.clientDuration, { target: 'gone' })
  series.record(1)
  await node.collect(one)
  expect(await node.lines('http_client_request_duration_seconds_count')).toHaveLength(1)
  one.registry.release(INSTRUMENTS.clientDuration, series)
  await node.collect(one, false)
  expect(await node.lines('http_client_request_duration_seconds_count')).toEqual([])
})

describe('gauges', () => {
  it('are the sum, the least or the most, as each says, or one for each worker', async () => {
    const node = primary()
    for (const [slot, value] of [
      [1, 2],
      [2, 5],
    ] as const) {
      const one = worker(slot)
      one.registry.gauge('held', 'x', () => value)
      one.registry.gauge('up', 'x', () => value, {}, 'min')
      one.registry.gauge('state', 'x', () => value, { scope: 'a' }, 'max')
      one.registry.observe(INSTRUMENTS.heapUsed, () => value)
      await node.collect(one)
    }
    expect(await node.lines('gateway_held')).toEqual(['gateway_held 7'])
    expect(await node.lines('gateway_up')).toEqual(['gateway_up 2'])
    expect(await node.lines('gateway_state')).toEqual(['gateway_state{scope="a"} 5'])
    expect(await node.lines('nodejs_heap_size_used_bytes')).toEqual([
      'nodejs_heap_size_used_bytes{worker="1"} 2',
      'nodejs_heap_size_used_bytes{worker="2"} 5',
    ])
  })

  it('end with their worker, and when it has them no more', async () => {
    const [one, two, node] = [worker(1), worker(2), primary()]
    let up = [[{ service: 'a', target: 't' }, 0]] as const as readonly (readonly [
      Record<string, string>,
      number,
    ])[]
    one.registry.listValues(INSTRUMENTS.upstreamUp, () => up)
    two.registry.listValues(INSTRUMENTS.upstreamUp, () => [[{ service: 'a', target: 't' }, 1]])
    await node.collect(one)
    await node.collect(two)
    expect(await node.lines('gateway_upstream_up')).toEqual(['gateway_upstream_up{service="a",target="t"} 0'])
    node.metrics.forget(2)
    up = []
    await node.collect(one, false)
    expect(await node.lines('gateway_upstream_up')).toHaveLength(1)
    await node.collect(one)
    expect(await node.lines('gateway_upstream_up')).toEqual([])
  })

  it('that belong to the node are not told by a worker', async () => {
    const [one, node] = [worker(1), primary()]
    one.registry.observe(INSTRUMENTS.reloadSuccessful, () => 0)
    await node.collect(one)
    expect(await node.lines('gateway_config')).toEqual([])
  })
})
