import { describe, expect, it } from 'vitest'
import { otlpSettings } from '../../../src/telemetry/otlp-settings.ts'

const settings = (env: Record<string, string>, sample = 0.1) => otlpSettings(env, sample, '1.2.3')

describe('OTLP settings', () => {
  it('export nothing unless an endpoint is named', () => {
    expect(settings({})).toMatchObject({ tracesUrl: undefined, metricsUrl: undefined, sample: 0.1 })
    expect(
      settings({ OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: '' }).metricsUrl,
    ).toBeUndefined()
  })

  it('take the common endpoint as a base', () => {
    expect(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }).tracesUrl).toBe(
      'http://c:4318/v1/traces',
    )
    expect(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' }).tracesUrl).toBe(
      'https://c/otlp/v1/traces',
    )
  })

  it('take the endpoint of a signal as it is', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' }
    expect(settings(env).tracesUrl).toBe('http://t/x')
    expect(settings({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m/y' })).toMatchObject({
      tracesUrl: undefined,
      metricsUrl: 'http://m/y',
    })
  })

  it('push metrics only when asked to', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }
    expect(settings(env).metricsUrl).toBeUndefined()
    expect(settings({ ...env, OTEL_METRICS_EXPORTER: 'otlp, prometheus' })).toMatchObject({
      metricsUrl: 'http://c/v1/metrics',
      metricsIntervalMs: 60_000,
    })
    expect(settings({ ...env, OTEL_METRIC_EXPORT_INTERVAL: '5000' }).metricsIntervalMs).toBe(5000)
    expect(settings({ ...env, OTEL_METRIC_EXPORT_INTERVAL: 'soon' }).metricsIntervalMs).toBe(60_000)
  })

  it('can be switched off', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'otlp' }
    expect(settings({ ...env, OTEL_SDK_DISABLED: 'True' })).toMatchObject({
      tracesUrl: undefined,
      metricsUrl: undefined,
    })
    expect(settings({ ...env, OTEL_TRACES_EXPORTER: 'none' }).tracesUrl).toBeUndefined()
  })

  it('refuse an endpoint that is no http address, by name and without showing it', () => {
    expect(() => settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })).toThrow(
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an http:// or https:// address, like http://collector:4318',
    )
    expect(() => settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'user:canary@c' })).toThrow(
      /^OTEL_EXPORTER_OTLP_ENDPOINT must be(?!.*canary)/,
    )
  })

  it.each([
    ['always_on', undefined, 1],
    ['parentbased_always_off', undefined, 0],
    ['traceidratio', '0.5', 0.5],
    ['parentbased_traceidratio', undefined, 1],
    ['something_else', '0.5', 0.1],
  ])('read the sampler %s with %s as %s', (sampler, argument, share) => {
    const env = { OTEL_TRACES_SAMPLER: sampler, ...(argument && { OTEL_TRACES_SAMPLER_ARG: argument }) }
    expect(settings(env).sample).toBe(share)
  })

  it('refuse a share that is none', () => {
    const env = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: 'half' }
    expect(() => settings(env)).toThrow('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1')
    expect(() => settings({}, 1.5)).toThrow('tracing.sample must be a number from 0 to 1')
  })

  it('name the service and add the resource attributes', () => {
    expect(settings({}).resource).toEqual({ 'service.name': 'turnpike', 'service.version': '1.2.3' })
    const env = { OTEL_RESOURCE_ATTRIBUTES: 'service.name=edge, deployment=a%2Cb,broken,bad=%ZZ' }
    expect(settings(env).resource).toEqual({
      'service.name': 'edge',
      'service.version': '1.2.3',
      deployment: 'a,b',
      bad: '%ZZ',
    })
    expect(settings({ ...env, OTEL_SERVICE_NAME: 'mine' }).resource['service.name']).toBe('mine')
  })
})
