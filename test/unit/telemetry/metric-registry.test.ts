import { describe, expect, it } from 'vitest'
import { INSTRUMENTS } from '../../../src/telemetry/instruments.ts'
import { MetricRegistry } from '../../../src/telemetry/metric-registry.ts'
import { prometheusText } from '../../../src/telemetry/prometheus-text.ts'
import { readPrometheus } from './prometheus-reader.ts'

const textOf = async (registry: MetricRegistry) => (await prometheusText(registry.collect())).join('')

const read = async (registry: MetricRegistry) => readPrometheus(await textOf(registry))

describe('the meter of plugins', () => {
  it('prefixes names and gives counters their suffix', async () => {
    const registry = new MetricRegistry()
    registry.counter('retries', 'Attempts after the first', { route: 'a.b' }).add()
    registry.counter('sheds_total', 'Shed').add(2)
    registry.gauge('breaker_state', 'State', () => 1, { scope: 'a' })
    const metrics = await read(registry)
    expect(metrics.value('gateway_retries_total', { route: 'a.b' })).toBe(1)
    expect(metrics.value('gateway_sheds_total')).toBe(2)
    expect(metrics.value('gateway_breaker_state', { scope: 'a' })).toBe(1)
    expect(metrics.types.get('gateway_retries_total')).toBe('counter')
    expect(metrics.types.get('gateway_breaker_state')).toBe('gauge')
    expect(metrics.help.get('gateway_retries_total')).toBe('Attempts after the first')
  })

  it('gives the same counter for the same name and labels', async () => {
    const registry = new MetricRegistry()
    registry.counter('retries', 'R', { route: 'a' }).add(3)
    registry.counter('retries', 'R', { route: 'a' }).add(4)
    registry.counter('retries', 'R', { route: 'b' }).add(1)
    const metrics = await read(registry)
    expect(metrics.value('gateway_retries_total', { route: 'a' })).toBe(7)
    expect(metrics.value('gateway_retries_total', { route: 'b' })).toBe(1)
  })

  it('reads a gauge at collection, and the newest registration wins', async () => {
    const registry = new MetricRegistry()
    let level = 1
    registry.gauge('level', 'L', () => 99)
    registry.gauge('level', 'L', () => level)
    level = 5
    expect((await read(registry)).value('gateway_level')).toBe(5)
  })

  it('shows a gauge that throws as NaN and the others as they are', async () => {
    const registry = new MetricRegistry()
    registry.gauge('broken', 'B', () => {
      throw new Error('no')
    })
    registry.gauge('fine', 'F', () => 2)
    const metrics = await read(registry)
    expect(metrics.value('gateway_broken')).toBeNaN()
    expect(metrics.value('gateway_fine')).toBe(2)
  })

  it('ignores amounts that a counter cannot take', async () => {
    const counter = new MetricRegistry().counter('odd', 'O')
    for (const amount of [-1, Number.NaN, 0]) counter.add(amount)
    expect(counter.value).toBe(0)
  })

  it.each([
    ['a name that is not one', () => new MetricRegistry().counter('Retries per route', 'R')],
    ['a label that is not one', () => new MetricRegistry().counter('retries', 'R', { 'http.route': 'a' })],
    ['the label of histograms', () => new MetricRegistry().gauge('retries', 'R', () => 1, { le: '1' })],
    ['a name of the engine', () => new MetricRegistry().counter('log_dropped', 'R')],
  ])('refuses %s', (_, register) => {
    expect(register).toThrow(TypeError)
  })

  it('refuses one name for two kinds', () => {
    const registry = new MetricRegistry()
    registry.gauge('state_total', 'S', () => 1)
    expect(() => registry.counter('state', 'S')).toThrow('gateway_state_total is a gauge already')
  })

  it('cuts label values', () => {
    expect(new MetricRegistry().counter('long', 'L', { route: 'x'.repeat(5000) }).labels.route).toHaveLength(
      200,
    )
  })
})

describe('the number of series', () => {
  it('is limited, and what is beyond is counted', async () => {
    const registry = new MetricRegistry(10)
    for (let route = 0; route < 50; route++) registry.counter('hits', 'H', { route: `r${route}` }).add()
    const metrics = await read(registry)
    expect(metrics.samples.filter(({ name }) => name === 'gateway_hits_total')).toHaveLength(9)
    expect(metrics.value('gateway_metric_series_dropped_total')).toBe(41)
  })

  it('shrinks when series are released or no longer kept', async () => {
    const registry = new MetricRegistry(4)
    const histogram = registry.bindHistogram(INSTRUMENTS.serverDuration, { route: 'a' })
    registry.counter('hits', 'H', { route: 'a' })
    registry.counter('hits', 'H', { route: 'b' })
    registry.release(INSTRUMENTS.serverDuration, histogram)
    registry.release(INSTRUMENTS.serverDuration, histogram)
    registry.release(INSTRUMENTS.clientDuration, histogram)
    registry.retain(({ route }) => route !== 'a')
    registry.counter('hits', 'H', { route: 'c' })
    registry.counter('hits', 'H', { route: 'd' })
    const metrics = await read(registry)
    const routes = metrics.samples
      .filter(({ name }) => name === 'gateway_hits_total')
      .map(({ labels }) => labels.route)
    expect(routes).toEqual(['b', 'c', 'd'])
    expect(metrics.value('gateway_metric_series_dropped_total')).toBe(0)
  })
})
