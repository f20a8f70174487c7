import { describe, expect, it } from 'vitest'
import { DURATION_BUCKETS, INSTRUMENTS } from '../../../src/telemetry/instruments.ts'
import { MetricRegistry } from '../../../src/telemetry/metric-registry.ts'
import { prometheusText } from '../../../src/telemetry/prometheus-text.ts'
import { readPrometheus } from './prometheus-reader.ts'

const textOf = async (registry: MetricRegistry) => (await prometheusText(registry.collect())).join('')

describe('the Prometheus text', () => {
  it('writes a histogram with cumulative buckets, sum and count', async () => {
    const registry = new MetricRegistry()
    const histogram = registry.bindHistogram(INSTRUMENTS.serverDuration, { route: 'a' })
    for (const seconds of [0.001, 0.005, 0.2, 10, 11, -1, Number.NaN, Number.POSITIVE_INFINITY])
      histogram.record(seconds)
    const metrics = readPrometheus(await textOf(registry))
    const bucket = (le: string) =>
      metrics.value('http_server_request_duration_seconds_bucket', { route: 'a', le })
    expect([bucket('0.005'), bucket('0.1'), bucket('0.25'), bucket('10'), bucket('+Inf')]).toEqual([
      5, 5, 6, 7, 8,
    ])
    expect(metrics.value('http_server_request_duration_seconds_count')).toBe(8)
    expect(metrics.value('http_server_request_duration_seconds_sum')).toBeCloseTo(21.206)
    expect(histogram.count).toBe(8)
    expect(metrics.types.get('http_server_request_duration_seconds')).toBe('histogram')
  })

  it('has the buckets of the stable conventions', () => {
    expect(DURATION_BUCKETS).toEqual([
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ])
  })

  it('escapes label values and help so that they read back as they were', async () => {
    const registry = new MetricRegistry()
    const value = 'back\\slash "quote" \nline, }{ \u2028 ünï='
    registry.counter('odd', 'help with \\ and \nline', { value }).add()
    const text = await textOf(registry)
    expect(readPrometheus(text).samples.find(({ name }) => name === 'gateway_odd_total')?.labels).toEqual({
      value,
    })
    expect(text).toContain('# HELP gateway_odd_total help with \\\\ and \\nline\n')
  })

  it('writes the numbers that Prometheus spells its own way', async () => {
    const registry = new MetricRegistry()
    const numbers = { up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY, huge: 1e21, small: 1e-7 }
    for (const [name, number] of Object.entries(numbers)) registry.gauge(name, 'N', () => number)
    const text = await textOf(registry)
    expect(text).toContain('gateway_up +Inf\n')
    expect(text).toContain('gateway_down -Inf\n')
    expect(readPrometheus(text).value('gateway_huge')).toBe(1e21)
    expect(readPrometheus(text).value('gateway_small')).toBe(1e-7)
  })

  it('leaves out metrics without series', async () => {
    const registry = new MetricRegistry()
    registry.listValues(INSTRUMENTS.upstreamUp, () => [])
    expect(await textOf(registry)).not.toContain('gateway_upstream_up')
  })

  it('lets other work run while a large text is written', async () => {
    const registry = new MetricRegistry()
    for (let route = 0; route < 2000; route++) registry.counter('hits', 'H', { route: `r${route}` }).add()
    let turns = 0
    let running = true
    const count = () => {
      turns++
      if (running) setImmediate(count)
    }
    setImmediate(count)
    const parts = await prometheusText(registry.collect())
    running = false
    const text = parts.join('')
    expect(parts.length).toBeGreaterThanOrEqual(8)
    expect(turns).toBeGreaterThanOrEqual(8)
    expect(readPrometheus(text).samples.filter(({ name }) => name === 'gateway_hits_total')).toHaveLength(
      2000,
    )
  })
})
