import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Departures } from '../../src/departures.ts'

function recorded() {
  const departures = new Departures()
  const sent: number[] = []
  const add = (number: number) => departures.add(() => sent.push(number))
  return { departures, sent, add }
}

describe('what departs', () => {
  it('leaves at the end of the turn, in the order in which it became ready', async () => {
    const { sent, add } = recorded()
    for (const number of [1, 2, 3]) add(number)
    await Promise.resolve()
    expect(sent).toEqual([])
    await nextTurn()
    expect(sent).toEqual([1, 2, 3])
    add(4)
    await nextTurn()
    expect(sent).toEqual([1, 2, 3, 4])
  })

  it('does not wait for more than fifteen others', async () => {
    const { sent, add } = recorded()
    for (let number = 1; number <= 20; number++) add(number)
    expect(sent).toHaveLength(16)
    await nextTurn()
    expect(sent).toHaveLength(20)
  })

  it('may make something else ready', async () => {
    const { departures, sent, add } = recorded()
    departures.add(() => add(2))
    add(1)
    await nextTurn()
    await nextTurn()
    expect(sent).toEqual([1, 2])
  })
})
