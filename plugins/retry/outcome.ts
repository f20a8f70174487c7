// How one attempt ended: with a response, or with a rejection kept as a value.
import type { UpstreamResponse } from '../../src/plugin.ts'

/** A rejected call, told apart from a response without a closure per request. */
export class Failed {
  readonly thrown: unknown

  constructor(thrown: unknown) {
    this.thrown = thrown
  }
}

export type Outcome = UpstreamResponse | Failed

export function toFailed(thrown: unknown): Failed {
  return new Failed(thrown)
}

/** What the caller of the attempt would have seen. */
export function settle(outcome: Outcome): UpstreamResponse {
  if (outcome instanceof Failed) throw outcome.thrown
  return outcome
}
