// Commands that all wait equally long share one timer, and each is told of when its own time is over.
import { beforeEach, describe, expect, it } from 'vitest'
import { ReplyDeadlines } from '../../../src/store/reply-deadlines.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let clock: FakeClock
let deadlines: ReplyDeadlines
let late: string[]

beforeEach(() => {
  clock = new FakeClock()
  deadlines = new ReplyDeadlines(clock, 50)
  late = []
})

const start = (name: string) => deadlines.start(() => void late.push(name))

describe('a command', () => {
  it('is late when its time is over, and not a millisecond before', async () => {
    start('one')
    await clock.advance(49)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual(['one'])
  })

  it('that is settled is not late', async () => {
    start('one').onLate = undefined
    await clock.advance(200)
    expect(late).toEqual([])
  })

  it('has its own time, whenever the others began and were settled', async () => {
    const first = start('first')
    await clock.advance(20)
    start('second')
    await clock.advance(20)
    start('third')
    first.onLate = undefined
    await clock.advance(29)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual(['second'])
    await clock.advance(20)
    expect(late).toEqual(['second', 'third'])
  })

  it('may be begun by one that is late', async () => {
    deadlines.start(() => void start('again'))
    await clock.advance(50)
    expect(late).toEqual([])
    await clock.advance(50)
    expect(late).toEqual(['again'])
  })
})

it('nothing is waited for when all are settled', async () => {
  start('one').onLate = undefined
  start('two').onLate = undefined
  await clock.advance(50)
  expect(clock.timers).toBe(0)
})
