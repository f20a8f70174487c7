// Long work in slices: others have their turn in between, and a failure is the caller's.
import { describe, expect, it } from 'vitest'
import { atOnce, Pace, type Steps } from '../../src/pace.ts'

/** Keeps the processor busy for `ms` in each of its steps. */
function* busySteps(count: number, ms: number): Steps<string> {
  for (let step = 0; step < count; step++) {
    const until = performance.now() + ms
    while (performance.now() < until);
    yield
  }
  return 'done'
}

describe('work at a pace', () => {
  it('lets others have their turn before it ends, and gives its result', async () => {
    const order: string[] = []
    const working = new Pace().through(busySteps(20, 1)).then((result) => order.push(result))
    setImmediate(() => order.push('another'))
    await working
    expect(order).toEqual(['another', 'done'])
  })

  it('rejects with what a step throws', async () => {
    function* failing(): Steps<void> {
      yield
      throw new Error('boom')
    }
    await expect(new Pace().through(failing())).rejects.toThrow('boom')
  })

  it('can be done at once', () => {
    expect(atOnce(busySteps(5, 0))).toBe('done')
  })
})
