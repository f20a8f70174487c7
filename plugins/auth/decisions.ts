// Counts and logs what became of credentials, with names that are bound before the first request.
import type { Counter, Logger, Meter } from '../../src/plugin.ts'
import type { Outcome, Provider } from './provider.ts'

export type Decision = Outcome['kind'] | 'forbidden'

const DECISIONS: readonly Decision[] = ['accepted', 'absent', 'rejected', 'unavailable', 'forbidden']
const DESCRIPTION = 'Decisions about the credentials of requests'

export type Note = (provider: Provider, decision: Decision, refused?: Refused) => void

/** To be found by the request that it belongs to. */
export interface Refused {
  readonly requestId: string
  readonly reason: string
}

/** The reason goes to the debug log only: an answer that told it would help to find a way in. */
export function decisionNotes(providers: readonly Provider[], meter: Meter, logger: Logger): Note {
  const counters = new Map(providers.map((provider) => [provider, countersOf(provider.name, meter)]))
  return (provider, decision, refused) => {
    counters.get(provider)?.[decision].add()
    if (refused !== undefined) logger.debug({ provider: provider.name, ...refused }, 'credentials refused')
  }
}

function countersOf(provider: string, meter: Meter): Readonly<Record<Decision, Counter>> {
  const counters = DECISIONS.map((decision) => [
    decision,
    meter.counter('auth_decisions_total', DESCRIPTION, { provider, decision }),
  ])
  return Object.fromEntries(counters)
}
