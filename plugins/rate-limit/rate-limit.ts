// The plugin `rateLimit`: how many requests whoever may send, on all nodes together.
import type {
  CheckFacts,
  Exchange,
  Fault,
  HeaderList,
  PlacedHooks,
  Plugin,
  PluginContext,
} from '../../src/plugin.ts'
import { type Judgement, judgementOf, keepJudgement } from './judgement.ts'
import { compileLimits, type Limit } from './limit.ts'
import { Limiter } from './limiter.ts'
import { writeStandings } from './response-headers.ts'
import { listOf, type RateLimitSettings, settings } from './settings.ts'

export const rateLimit = {
  name: 'rateLimit',
  stage: 'policy',
  summary: 'Limits how many requests an address, a consumer, a route or everybody may send.',
  settings,
  layering: 'add',
  check: findFaults,
  create: createRateLimit,
} satisfies Plugin<RateLimitSettings>

function findFaults(given: RateLimitSettings, { identifies }: CheckFacts): readonly Fault[] {
  const list = listOf(given)
  return list.flatMap(({ by, tiers, name }, at) => {
    const place = Array.isArray(given) ? [at] : []
    const faults: Fault[] = []
    if (by === 'consumer' && !identifies) faults.push(anonymous([...place, 'by'], 'or count by: ip'))
    if (tiers && !identifies) faults.push(anonymous([...place, 'tiers'], 'or leave tiers out'))
    if (name !== undefined && list.findIndex((other) => other.name === name) < at) {
      faults.push({ path: [...place, 'name'], message: `the name "${name}" is used twice in this list` })
    }
    return faults
  })
}

function anonymous(path: Fault['path'], otherwise: string): Fault {
  return {
    path,
    message: 'nothing on this route says who the consumer is',
    hint: `switch on auth for the route, ${otherwise}`,
  }
}

function createRateLimit(
  _nearest: RateLimitSettings,
  context: PluginContext<RateLimitSettings>,
): PlacedHooks[] {
  const limits = compileLimits(context.layers, context)
  const limiter = new Limiter(limits, context)

  function judge(exchange: Exchange): void | Promise<void> {
    const judgement = limiter.claim(limits, exchange)
    keepJudgement(exchange, judgement)
    if (limiter.isExhausted(judgement)) limiter.refuse(judgement)
    return limiter.take(judgement)
  }

  function tell(headers: HeaderList, { claims, atMs }: Judgement): void {
    writeStandings(headers, claims, context.clock.now() - atMs)
  }

  const onResponse: PlacedHooks['onResponse'] = (exchange, { headers }) =>
    tell(headers, judgementOf(exchange)!)
  const waiting = limits.filter(({ needsConsumer }) => needsConsumer)
  if (waiting.length === 0) return [{ stage: 'edge', onRequest: judge, onResponse }]
  // Nothing that a shield could know before identity.
  if (waiting.length === limits.length) return [{ stage: 'policy', onRequest: judge, onResponse }]
  return [shield(limits, { limiter, tell }), { stage: 'policy', onRequest: judge }]
}

interface Judging {
  readonly limiter: Limiter
  tell(headers: HeaderList, judgement: Judgement): void
}

/**
 * Stands before identity on routes whose limits wait for the consumer. It spares the credentials check whoever is known
 * to have exhausted a limit; and a request that is turned away before its limits were taken (401, 403) counts against
 * those of its address afterwards. Without that, guessing credentials would be free.
 */
function shield(limits: readonly Limit[], { limiter, tell }: Judging): PlacedHooks {
  const early = limits.filter(({ needsConsumer }) => !needsConsumer)
  const charged = early.filter(({ byAddress }) => byAddress)
  return {
    stage: 'edge',
    onRequest(exchange) {
      if (!limiter.knowsExhausted) return
      const judgement = limiter.claim(early, exchange)
      if (!limiter.isExhausted(judgement)) return
      keepJudgement(exchange, judgement)
      limiter.refuse(judgement)
    },
    onResponse(exchange, { headers }) {
      const judged = judgementOf(exchange)
      if (judged) return tell(headers, judged)
      if (charged.length === 0) return
      const judgement = limiter.claim(charged, exchange)
      // Waited for, so that the next attempt of a client that waits for this answer finds it counted.
      return limiter.charge(judgement).then(() => tell(headers, judgement))
    },
  }
}
