// The circuit against a model that keeps every call in a list and works the state out anew at each step.
import { describe, expect, it } from 'vitest'
import { Breaker, type Permit, type State } from '../../../../plugins/circuit-breaker/breaker.ts'
import type { Clock } from '../../../../src/plugin.ts'
import { fc, runs } from '../../../support/property.ts'

const LIMITS = {
  errorShare: 0.5,
  slowMs: 100,
  slowShare: 0.75,
  windowMs: 1000,
  minimum: 5,
  openMs: 300,
  probes: 3,
}

/** Moves synchronously: thousands of runs would wait long for settling promises. */
class StepClock implements Clock {
  time = 0
  now = () => this.time
  epochMs = () => this.time
  after = () => ({ cancel() {} })
}

interface Seen {
  readonly at: number
  readonly failed: boolean
  readonly slow: boolean
}

/** A call that is under way, and what the model knows of it. */
interface Running {
  readonly permit: Permit
  readonly startedAt: number
  readonly era: number
}

type Ending = 'succeed' | 'fail' | 'release'

class Model {
  state: State = 'closed'
  era = 0
  seen: Seen[] = []
  probesOut = 0
  until = 0
  failedRounds = 0

  admits(now: number): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'open' && now < this.until) return false
    if (this.state === 'open') this.#move('half-open', now)
    else if (now >= this.until) this.#replace(now)
    if (this.probesOut + this.seen.length >= LIMITS.probes) return false
    this.probesOut++
    return true
  }

  end(ending: Ending, call: Running, now: number): void {
    if (call.era !== this.era) return
    if (this.state === 'half-open') this.probesOut--
    if (ending === 'release') return
    this.seen.push({ at: now, failed: ending === 'fail', slow: now - call.startedAt > LIMITS.slowMs })
    this.#judge(now)
  }

  get rest(): number {
    return LIMITS.openMs * [1, 2, 4, 8][Math.min(3, this.failedRounds)]!
  }

  #judge(now: number): void {
    const bucket = LIMITS.windowMs / 10
    const recent = this.seen.filter(({ at }) => Math.floor(at / bucket) > Math.floor(now / bucket) - 10)
    const judged = this.state === 'closed' ? recent : this.seen
    if (judged.length < (this.state === 'closed' ? LIMITS.minimum : LIMITS.probes)) return
    const failedShare = judged.filter(({ failed }) => failed).length / judged.length
    const slowShare = judged.filter(({ slow }) => slow).length / judged.length
    const bad = failedShare >= LIMITS.errorShare || slowShare >= LIMITS.slowShare
    if (this.state === 'closed' && !bad) return
    this.failedRounds = bad && this.state === 'half-open' ? this.failedRounds + 1 : 0
    this.#move(bad ? 'open' : 'closed', now)
  }

  #move(state: State, now: number): void {
    this.state = state
    this.seen = []
    this.#replace(now)
  }

  #replace(now: number): void {
    this.era++
    this.probesOut = 0
    this.until = now + this.rest
  }
}

interface World {
  readonly breaker: Breaker
  readonly clock: StepClock
  readonly running: Running[]
}

class Enter implements fc.Command<Model, World> {
  check = () => true

  run(model: Model, { breaker, clock, running }: World): void {
    const permit = breaker.enter()
    expect(permit !== 0).toBe(model.admits(clock.time))
    expect(breaker.state).toBe(model.state)
    if (permit !== 0) running.push({ permit, startedAt: clock.time, era: model.era })
    else if (model.state === 'open') expect(breaker.retryAfterMs).toBe(model.until - clock.time)
  }

  toString = () => 'enter'
}

class End implements fc.Command<Model, World> {
  readonly #which: number
  readonly #ending: Ending

  constructor(which: number, ending: Ending) {
    this.#which = which
    this.#ending = ending
  }

  check = () => true

  run(model: Model, { breaker, clock, running }: World): void {
    const [call] = running.length === 0 ? [] : running.splice(this.#which % running.length, 1)
    if (!call) return
    if (this.#ending === 'release') breaker.release(call.permit)
    else breaker[this.#ending](call.permit, call.startedAt)
    model.end(this.#ending, call, clock.time)
    expect(breaker.state).toBe(model.state)
  }

  toString = () => `${this.#ending}(${this.#which})`
}

class Wait implements fc.Command<Model, World> {
  readonly #ms: number

  constructor(ms: number) {
    this.#ms = ms
  }

  check = () => true

  run(_model: Model, { clock }: World): void {
    clock.time += this.#ms
  }

  toString = () => `wait(${this.#ms})`
}

const endings = fc.constantFrom<Ending>('succeed', 'succeed', 'fail', 'fail', 'release')
const commands = [
  fc.constant(new Enter()),
  fc.constant(new Enter()),
  fc.tuple(fc.nat({ max: 9 }), endings).map(([which, ending]) => new End(which, ending)),
  fc.tuple(fc.nat({ max: 9 }), endings).map(([which, ending]) => new End(which, ending)),
  fc.nat({ max: 400 }).map((ms) => new Wait(ms)),
]

describe('the circuit', () => {
  it('is in the state that its history says, after any calls, endings and waits', () => {
    const reached = new Map<State, number>()
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 150, size: 'max' }), (run) => {
        const clock = new StepClock()
        const breaker = new Breaker(LIMITS, clock, ({ to }) => reached.set(to, (reached.get(to) ?? 0) + 1))
        const world: World = { breaker, clock, running: [] }
        fc.modelRun(() => ({ model: new Model(), real: world }), run)
      }),
      { numRuns: runs(1000) },
    )
    // Without this the property could hold because nothing ever happened.
    for (const state of ['open', 'half-open', 'closed'] as const)
      expect(reached.get(state)).toBeGreaterThan(100)
  })
})
