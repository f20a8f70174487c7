// A route's hooks as flat arrays, and its filters folded around the service's call: compiled once per generation.
import {
  type Call,
  type Exchange,
  type Hooks,
  type PlacedHooks,
  type ResponseHead,
  STAGES,
} from '../plugin.ts'

export interface Chain {
  /** Outermost first; `undefined` where the hooks at this place have none. */
  readonly onRequest: readonly (((exchange: Exchange) => void | Promise<void>) | undefined)[]
  /** At the same places as `onRequest`; run from the innermost reached to the outermost. */
  readonly onResponse: readonly (
    | ((exchange: Exchange, response: ResponseHead) => void | Promise<void>)
    | undefined
  )[]
  /** Innermost first. */
  readonly onFinish: readonly ((exchange: Exchange) => void)[]
  readonly call: Call
  /** Undefined where no hook has anything to close. */
  readonly close: (() => Promise<void>) | undefined
}

/** `hooks` in any order of stages; inside one stage the given order is kept. */
export function compileChain(hooks: readonly PlacedHooks[], service: Call): Chain {
  const placed = STAGES.flatMap((stage) => hooks.filter((one) => one.stage === stage))
  const seen = placed.filter((one) => one.onRequest || one.onResponse)
  return {
    onRequest: seen.map((one) => one.onRequest?.bind(one)),
    onResponse: seen.map((one) => one.onResponse?.bind(one)),
    onFinish: placed.flatMap((one) => (one.onFinish ? [one.onFinish.bind(one)] : [])).reverse(),
    call: foldFilters(placed, service),
    close: placed.some((one) => one.close) ? () => closeAll(placed) : undefined,
  }
}

// Each async, so that one that throws at once keeps no other from being closed.
async function closeAll(placed: readonly Hooks[]): Promise<void> {
  await Promise.all(placed.map(async (one) => one.close?.()))
}

function foldFilters(placed: readonly Hooks[], service: Call): Call {
  return placed.reduceRight((next, one) => (one.upstream ? one.upstream(next) : next), service)
}
