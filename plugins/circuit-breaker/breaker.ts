// The state machine of a circuit: closed, open, half-open. It knows times and counts, nothing of HTTP.
import type { Clock } from '../../src/plugin.ts'
import { OutcomeWindow } from './outcome-window.ts'

export interface BreakerLimits {
  /** From this share of failures on the circuit opens. */
  readonly errorShare: number
  /** A call that takes longer is slow; Infinity: none is. */
  readonly slowMs: number
  /** From this share of slow calls on the circuit opens. */
  readonly slowShare: number
  readonly windowMs: number
  /** Calls in the window before it is judged. */
  readonly minimum: number
  readonly openMs: number
  /** Calls let through while half-open, judged together. */
  readonly probes: number
}

export type State = 'closed' | 'half-open' | 'open'

/** A change of state, with the counts that caused it. */
export interface Transition {
  readonly from: State
  readonly to: State
  readonly calls: number
  readonly failed: number
  readonly slow: number
  /** How long the circuit stays open, or half-open before lost probes are replaced. */
  readonly openMs: number
}

/** A call that was let through: to be given back exactly once. 0: refused. */
export type Permit = number

// A circuit that opens again and again rests 2, 4, then 8 times as long.
const MAX_DOUBLINGS = 3

export class Breaker {
  readonly #limits: BreakerLimits
  readonly #clock: Clock
  readonly #onTransition: (transition: Transition) => void
  readonly #window: OutcomeWindow
  #state: State = 'closed'
  // Grows with each state: a call that was let through in an earlier one must not be judged in this one.
  #era: Permit = 1
  #doublings = 0
  #restUntil = 0
  #granted = 0
  #probed = { calls: 0, failed: 0, slow: 0 }

  constructor(limits: BreakerLimits, clock: Clock, onTransition: (transition: Transition) => void) {
    this.#limits = limits
    this.#clock = clock
    this.#onTransition = onTransition
    this.#window = new OutcomeWindow(limits.windowMs)
  }

  get state(): State {
    return this.#state
  }

  /** Milliseconds until a refused call may be let through, as far as that is known. */
  get retryAfterMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#restUntil - this.#clock.now()) : 0
  }

  enter(): Permit {
    if (this.#state === 'closed') return this.#era
    const now = this.#clock.now()
    if (this.#state === 'open') {
      if (now < this.#restUntil) return 0
      this.#halfOpen(now)
    } else if (now >= this.#restUntil) {
      this.#replaceLostProbes(now)
    }
    if (this.#granted >= this.#limits.probes) return 0
    this.#granted++
    return this.#era
  }

  succeed(permit: Permit, startedAt: number): void {
    this.#count(permit, false, startedAt)
  }

  fail(permit: Permit, startedAt: number): void {
    this.#count(permit, true, startedAt)
  }

  /** The call says nothing about the service: another may have its permit. */
  release(permit: Permit): void {
    if (permit === this.#era && this.#state === 'half-open') this.#granted--
  }

  #count(permit: Permit, failed: boolean, startedAt: number): void {
    if (permit !== this.#era) return
    const now = this.#clock.now()
    const slow = now - startedAt > this.#limits.slowMs
    if (this.#state === 'closed') this.#countClosed(failed, slow, now)
    else this.#countProbe(failed, slow, now)
  }

  #countClosed(failed: boolean, slow: boolean, now: number): void {
    const window = this.#window
    window.add(failed, slow, now)
    if (window.calls >= this.#limits.minimum && this.#isBad(window)) this.#open(now, window)
  }

  #countProbe(failed: boolean, slow: boolean, now: number): void {
    const probed = this.#probed
    probed.calls++
    if (failed) probed.failed++
    if (slow) probed.slow++
    if (probed.calls < this.#limits.probes) return
    if (this.#isBad(probed)) {
      this.#doublings = Math.min(MAX_DOUBLINGS, this.#doublings + 1)
      this.#open(now, probed)
    } else {
      this.#close(probed)
    }
  }

  #isBad({ calls, failed, slow }: Counts): boolean {
    return failed / calls >= this.#limits.errorShare || slow / calls >= this.#limits.slowShare
  }

  #open(now: number, counts: Counts): void {
    this.#restUntil = now + this.#openMs()
    this.#move('open', counts)
  }

  #halfOpen(now: number): void {
    this.#granted = 0
    this.#probed = { calls: 0, failed: 0, slow: 0 }
    this.#restUntil = now + this.#openMs()
    this.#move('half-open', this.#probed)
  }

  #close(counts: Counts): void {
    this.#doublings = 0
    this.#move('closed', counts)
  }

  // A probe may never come back. Results that did come back are kept, so that a quiet service is judged too.
  #replaceLostProbes(now: number): void {
    this.#era++
    this.#granted = this.#probed.calls
    this.#restUntil = now + this.#openMs()
  }

  #openMs(): number {
    return this.#limits.openMs * 2 ** this.#doublings
  }

  #move(to: State, { calls, failed, slow }: Counts): void {
    const from = this.#state
    this.#state = to
    this.#era++
    this.#window.clear()
    this.#onTransition({ from, to, calls, failed, slow, openMs: this.#openMs() })
  }
}

interface Counts {
  readonly calls: number
  readonly failed: number
  readonly slow: number
}
