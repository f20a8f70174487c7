// The outcome window: what counts, and when it stops counting, against a plain list.
import { describe, expect, it } from 'vitest'
import { OutcomeWindow } from '../../../../plugins/circuit-breaker/outcome-window.ts'
import { fc } from '../../../support/property.ts'

function counts({ calls, failed, slow }: OutcomeWindow) {
  return { calls, failed, slow }
}

describe('the outcome window', () => {
  it('counts calls, failures and slow calls', () => {
    const window = new OutcomeWindow(10_000)
    window.add(false, false, 0)
    window.add(true, false, 10)
    window.add(false, true, 20)
    window.add(true, true, 30)
    expect(counts(window)).toEqual({ calls: 4, failed: 2, slow: 2 })
  })

  it('forgets a bucket when ten others have begun', () => {
    const window = new OutcomeWindow(10_000)
    window.add(true, true, 999)
    window.add(false, false, 9999)
    expect(counts(window)).toEqual({ calls: 2, failed: 1, slow: 1 })
    window.add(false, false, 10_000)
    expect(counts(window)).toEqual({ calls: 2, failed: 0, slow: 0 })
  })

  it('forgets everything after a long silence', () => {
    const window = new OutcomeWindow(1000)
    for (let at = 0; at < 1000; at += 50) window.add(true, false, at)
    window.add(false, false, 86_400_000)
    expect(counts(window)).toEqual({ calls: 1, failed: 0, slow: 0 })
  })

  it('starts again when it is cleared', () => {
    const window = new OutcomeWindow(1000)
    window.add(true, true, 0)
    window.clear()
    expect(counts(window)).toEqual({ calls: 0, failed: 0, slow: 0 })
  })

  it('counts the same as a list of everything that happened', () => {
    const step = fc.record({ pause: fc.nat({ max: 400 }), failed: fc.boolean(), slow: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const window = new OutcomeWindow(1000)
        const happened: { readonly bucket: number; readonly failed: boolean; readonly slow: boolean }[] = []
        let now = 0
        for (const { pause, failed, slow } of steps) {
          now += pause
          window.add(failed, slow, now)
          happened.push({ bucket: Math.floor(now / 100), failed, slow })
          const recent = happened.filter(({ bucket }) => bucket > Math.floor(now / 100) - 10)
          expect(counts(window)).toEqual({
            calls: recent.length,
            failed: recent.filter((one) => one.failed).length,
            slow: recent.filter((one) => one.slow).length,
          })
        }
      }),
    )
  })
})
