// The plugin `circuitBreaker`: gives a failing service a rest, and the client an answer at once.
import { z } from 'zod'
import {
  duration,
  type Filter,
  GatewayError,
  type Hooks,
  type Logger,
  outcomeStatus,
  type Plugin,
  type PluginContext,
  percent,
} from '../../src/plugin.ts'
import { Breaker, type State, type Transition } from './breaker.ts'

const MAX_MS = 86_400_000
const MAX_MINIMUM = 1_000_000
const MAX_PROBES = 1000

const span = duration.refine((ms) => ms > 0 && ms <= MAX_MS, { error: 'expected more than 0 and at most 1d' })
const share = percent.refine((part) => part > 0, { error: 'a share of 0% would open the circuit at once' })

const slow = z.strictObject({
  after: span.describe('A response head that takes longer is slow.'),
  share: share.prefault('80%').describe('From this share of slow requests on the circuit opens.'),
})

const settings = z.strictObject({
  errors: share.prefault('50%').describe('From this share of failed requests on the circuit opens.'),
  slow: slow.optional().describe('Slow requests open the circuit too.'),
  statuses: z
    .array(z.int().min(400).max(599))
    .min(1)
    .optional()
    .describe('Which response statuses are failures; without it every one from 500 on.'),
  window: span.prefault('10s').describe('How far back requests count.'),
  minimum: z
    .int()
    .min(1)
    .max(MAX_MINIMUM)
    .default(20)
    .describe('Requests in the window before it is judged.'),
  open: span
    .prefault('30s')
    .describe('The first rest; doubled each time that the probes fail, up to 8 times.'),
  probes: z
    .int()
    .min(1)
    .max(MAX_PROBES)
    .default(3)
    .describe('Requests let through after a rest, judged together.'),
})

export type CircuitBreakerSettings = z.output<typeof settings>

export const circuitBreaker = {
  name: 'circuitBreaker',
  stage: 'resilience',
  summary: 'Stops calling a service that fails or is slow, and probes it before it gets traffic again.',
  settings,
  create: createCircuitBreaker,
} satisfies Plugin<CircuitBreakerSettings>

const GAUGE: Readonly<Record<State, number>> = { closed: 0, 'half-open': 1, open: 2 }

function createCircuitBreaker(settings: CircuitBreakerSettings, context: PluginContext): Hooks {
  const { meter, scope } = context
  const breaker = context.keep(scope, () => createBreaker(settings, context))
  const description = 'State of the circuit: 0 closed, 1 half-open, 2 open'
  meter.gauge('circuit_breaker_state', description, () => GAUGE[breaker.state], { scope }, 'max')
  return { upstream: breakCircuit(breaker, settings.statuses, context) }
}

function createBreaker(settings: CircuitBreakerSettings, context: PluginContext): Breaker {
  const { logger, meter, scope } = context
  const limits = {
    errorShare: settings.errors,
    slowMs: settings.slow?.after ?? Number.POSITIVE_INFINITY,
    slowShare: settings.slow?.share ?? Number.POSITIVE_INFINITY,
    windowMs: settings.window,
    minimum: settings.minimum,
    openMs: settings.open,
    probes: settings.probes,
  }
  return new Breaker(limits, context.clock, (transition) => {
    const labels = { scope, to: transition.to }
    meter.counter('circuit_breaker_transitions_total', 'Changes of the state of the circuit', labels).add()
    logTransition(logger, scope, transition)
  })
}

function logTransition(logger: Logger, scope: string, { from, to, ...counts }: Transition): void {
  const facts = { scope, from, to, ...counts }
  if (to === 'open') logger.warn(facts, 'the circuit is open: requests are refused')
  else logger.info(facts, to === 'closed' ? 'the circuit is closed' : 'the circuit is half-open: probing')
}

function breakCircuit(
  breaker: Breaker,
  statuses: readonly number[] | undefined,
  context: PluginContext,
): Filter {
  const { clock } = context
  const listed = statuses && new Set(statuses)
  const isFailure = (status: number) => (listed ? listed.has(status) : status >= 500)
  return (next) => async (request) => {
    const permit = breaker.enter()
    if (permit === 0) throw circuitOpen(breaker.retryAfterMs)
    const startedAt = clock.now()
    try {
      const response = await next(request)
      if (isFailure(outcomeStatus(request.exchange, response))) breaker.fail(permit, startedAt)
      else breaker.succeed(permit, startedAt)
      return response
    } catch (error) {
      // What the client did or the gateway refused says nothing about the service.
      if (isUpstreamFailure(error)) breaker.fail(permit, startedAt)
      else breaker.release(permit)
      throw error
    }
  }
}

function isUpstreamFailure(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.code.startsWith('UPSTREAM_')
}

function circuitOpen(retryAfterMs: number): GatewayError {
  // Never 0: a client that comes back at once finds the same state.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new GatewayError('CIRCUIT_OPEN', {
    detail: `The service is failing. Try again in ${seconds} s.`,
    headers: ['Retry-After', String(seconds)],
  })
}
