// The waiting line: order, leaving from anywhere, against a plain array.
import { describe, expect, it } from 'vitest'
import { type Place, WaitingLine } from '../../../../plugins/concurrency/waiting-line.ts'
import { fc } from '../../../support/property.ts'

describe('the waiting line', () => {
  it('has nobody to give when it is empty', () => {
    const line = new WaitingLine()
    expect(line.shift()).toBeUndefined()
    expect(line.length).toBe(0)
  })

  it('behaves as an array does for any joining, shifting and leaving', () => {
    const step = fc.oneof(fc.constant('join'), fc.constant('shift'), fc.nat({ max: 20 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const line = new WaitingLine()
        const model: Place[] = []
        for (const one of steps) {
          if (one === 'join') model.push(line.join(() => {}))
          else if (one === 'shift') expect(line.shift()).toBe(model.shift())
          else if (typeof one === 'number' && one < model.length) line.leave(model.splice(one, 1)[0]!)
          expect(line.length).toBe(model.length)
        }
        for (const place of model) expect(line.shift()).toBe(place)
        expect(line.shift()).toBeUndefined()
      }),
    )
  })
})
