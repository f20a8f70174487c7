// Where OTLP goes and under which name, from the OTEL_* variables of the environment.

/** The environment of the process, or a test's. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface OtlpSettings {
  /** Undefined: traces are not exported. */
  readonly tracesUrl: string | undefined
  /** Share of the traces to keep, 0 to 1. */
  readonly sample: number
  /** Undefined: metrics are not pushed; Prometheus may still scrape them. */
  readonly metricsUrl: string | undefined
  readonly metricsIntervalMs: number
  readonly resource: Readonly<Record<string, string>>
}

const BASE = 'OTEL_EXPORTER_OTLP_ENDPOINT'
const TRACES = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
const METRICS = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'
const METRICS_INTERVAL_MS = 60_000

/** `sample` is what the config says. */
export function otlpSettings(env: Environment, sample: number, version: string): OtlpSettings {
  const base = from(env, BASE)
  const traces = from(env, TRACES)
  const metrics = from(env, METRICS)
  const off = env.OTEL_SDK_DISABLED?.toLowerCase() === 'true'
  const traced = !off && !list(env.OTEL_TRACES_EXPORTER).includes('none')
  const pushed = !off && (metrics !== undefined || list(env.OTEL_METRICS_EXPORTER).includes('otlp'))
  return {
    tracesUrl: traced ? (traces ?? signal(base, 'traces')) : undefined,
    metricsUrl: pushed ? (metrics ?? signal(base, 'metrics')) : undefined,
    metricsIntervalMs: interval(env.OTEL_METRIC_EXPORT_INTERVAL),
    sample: share(env, sample),
    resource: resourceAttributes(env, version),
  }
}

/** The parent decides wherever it is trusted, so that `parentbased_` makes no difference here. */
function share(env: Environment, configured: number): number {
  const sampler = env.OTEL_TRACES_SAMPLER?.replace(/^parentbased_/, '')
  if (sampler === 'always_on') return 1
  if (sampler === 'always_off') return 0
  const ratio = sampler === 'traceidratio'
  const chosen = ratio ? Number(env.OTEL_TRACES_SAMPLER_ARG || '1') : configured
  if (chosen >= 0 && chosen <= 1) return chosen
  throw new Error(`${ratio ? 'OTEL_TRACES_SAMPLER_ARG' : 'tracing.sample'} must be a number from 0 to 1`)
}

/** The specification: a signal's own variable is used as it is, the common one is a base. */
function signal(base: string | undefined, name: string): string | undefined {
  return base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/${name}`
}

function from(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value === undefined || value === '' ? undefined : address(name, value)
}

function address(name: string, value: string): string {
  const url = URL.parse(value)
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return value
  throw new Error(`${name} must be an http:// or https:// address, like http://collector:4318`)
}

function resourceAttributes(env: Environment, version: string): Record<string, string> {
  const given: Record<string, string> = {}
  for (const pair of list(env.OTEL_RESOURCE_ATTRIBUTES)) {
    const equals = pair.indexOf('=')
    if (equals > 0) given[pair.slice(0, equals).trim()] = decoded(pair.slice(equals + 1).trim())
  }
  const name = env.OTEL_SERVICE_NAME
  return {
    'service.name': 'turnpike',
    'service.version': version,
    ...given,
    ...(name && { 'service.name': name }),
  }
}

const list = (value: string | undefined): string[] => (value ?? '').split(',').map((item) => item.trim())

function interval(value: string | undefined): number {
  const ms = Number(value)
  return Number.isFinite(ms) && ms >= 1000 ? ms : METRICS_INTERVAL_MS
}

/** The specification percent-encodes commas, semicolons and equals signs inside values. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
