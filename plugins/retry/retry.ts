// The plugin `retry`: sends a request again where that is safe, soon enough, and within a budget.
import type { Exchange, Fault, Hooks, Plugin, PluginContext } from '../../src/plugin.ts'
import { RetryBudget } from './budget.ts'
import { retryFilter } from './filter.ts'
import { type RetrySettings, settings } from './settings.ts'

export const retry = {
  name: 'retry',
  stage: 'resilience',
  summary: 'Sends a request to the service again when that is safe, within a budget.',
  settings,
  check: findContradictions,
  create: createRetry,
} satisfies Plugin<RetrySettings>

function findContradictions({ backoff }: RetrySettings): readonly Fault[] {
  if (backoff.base <= backoff.max) return []
  return [{ path: ['backoff', 'base'], message: 'base is longer than max', hint: 'raise backoff.max' }]
}

function createRetry(settings: RetrySettings, context: PluginContext): Hooks {
  const { ratio, perSecond } = settings.budget
  const nodes = () => context.nodes()
  // One for the service, however many of its routes retry: it is the service that must not drown.
  const budget = context.share(
    `${context.service} ${ratio} ${perSecond}`,
    () => new RetryBudget({ ratio, perSecond, nodes }),
  )
  return {
    onRequest: (exchange) => retainBody(exchange, settings.bodyLimit),
    upstream: retryFilter({ settings, context, budget }),
  }
}

function retainBody({ request: { body } }: Exchange, bodyLimit: number): void {
  // A body that is known to be too large can never be sent again: keeping its start would cost memory for nothing.
  if (body.present && (body.length ?? 0) <= bodyLimit) body.retain(bodyLimit)
}
