// The counters of the plugin `retry`, bound once for all requests of a route.
import type { PluginContext } from '../../src/plugin.ts'
import type { Failure } from './failure.ts'

/** Why a failed attempt that could have been retried was not. */
export type GivenUp = 'budget' | 'attempts' | 'deadline' | 'body'

export interface RetryMetrics {
  retried(reason: Failure['reason']): void
  /** Returns undefined, the plan of no further attempt. */
  giveUp(reason: GivenUp): undefined
}

export function retryMetrics({ meter, service }: PluginContext): RetryMetrics {
  const attempt = (reason: Failure['reason']) =>
    meter.counter('retry_attempts_total', 'Attempts made again, by what had failed', { service, reason })
  const exhausted = (reason: GivenUp) =>
    meter.counter('retry_exhausted_total', 'Failures that could not be retried, by why', { service, reason })
  const attempts = {
    connect: attempt('connect'),
    reset: attempt('reset'),
    timeout: attempt('timeout'),
    status: attempt('status'),
  }
  const exhaustions = {
    budget: exhausted('budget'),
    attempts: exhausted('attempts'),
    deadline: exhausted('deadline'),
    body: exhausted('body'),
  }
  return {
    retried: (reason) => attempts[reason].add(),
    giveUp: (reason) => {
      exhaustions[reason].add()
      return undefined
    },
  }
}
