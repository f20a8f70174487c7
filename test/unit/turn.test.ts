import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Turn } from '../../src/turn.ts'

function recorded() {
  const turn = new Turn()
  const done: string[] = []
  const decide = (name: string) => turn.decide(() => done.push(name))
  const send = (name: string) => turn.send(() => done.push(name))
  return { turn, done, decide, send }
}

const many = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))

describe('a turn', () => {
  it('sends at its end, in the order in which things became ready', async () => {
    const { done, send } = recorded()
    for (const name of ['a', 'b', 'c']) send(name)
    await Promise.resolve()
    expect(done).toEqual([])
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c'])
    send('d')
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c', 'd'])
  })

  it('decides before anything is sent', async () => {
    const { done, decide, send } = recorded()
    send('sent')
    decide('decided')
    await Promise.resolve()
    expect(done).toEqual([])
    await nextTurn()
    expect(done).toEqual(['decided', 'sent'])
  })

  it('sends what its decisions come to, by promises or not', async () => {
    const { turn, done, send } = recorded()
    turn.decide(() => void Promise.resolve().then(() => send('b')))
    turn.decide(() => send('a'))
    await nextTurn()
    expect(done).toEqual(['a', 'b'])
  })

  it('lets nobody wait for more than 63 others', async () => {
    for (const phase of ['decide', 'send'] as const) {
      const { done, ...recorder } = recorded()
      for (const name of many(70)) recorder[phase](name)
      expect(done).toEqual(many(64))
      await nextTurn()
      expect(done).toEqual(many(70))
    }
  })

  it('is followed by another for what comes up at its end', async () => {
    const { turn, done, decide, send } = recorded()
    turn.send(() => {
      decide('b')
      send('c')
    })
    send('a')
    await nextTurn()
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c'])
  })
})
