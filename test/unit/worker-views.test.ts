import { expect, it } from 'vitest'
import type { TargetView } from '../../src/admin/admin-source.ts'
import { mergeServices } from '../../src/worker-views.ts'

const target = (facts: Partial<TargetView>): TargetView => ({
  url: 'http://a',
  healthy: true,
  inFlight: 0,
  ewmaMs: undefined,
  ejectedUntil: undefined,
  ...facts,
})

it('a target is healthy when all workers say so, and has what all have in flight', () => {
  const one = target({ inFlight: 2, ewmaMs: 5 })
  const two = target({ inFlight: 3, healthy: false, ejectedUntil: 100 })
  const other = target({ url: 'http://b' })
  expect(
    mergeServices([
      [{ name: 's', targets: [one, other] }],
      [{ name: 's', targets: [other, two] }],
      // One that has another generation for a moment.
      [{ name: 'gone', targets: [] }],
    ]),
  ).toEqual([
    { name: 's', targets: [target({ inFlight: 5, ewmaMs: 5, healthy: false, ejectedUntil: 100 }), other] },
  ])
  expect(mergeServices([])).toEqual([])
})
