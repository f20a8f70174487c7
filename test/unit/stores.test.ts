import { expect, it } from 'vitest'
import { createStores, partOf } from '../../src/stores.ts'
import { FakeClock } from '../support/fake-clock.ts'

it('the parts of all workers make the total', () => {
  const parts = (total: number, workers: number) =>
    Array.from({ length: workers }, (_, at) => partOf({ slot: at + 1, workers })(total))
  expect(parts(10, 4)).toEqual([3, 3, 2, 2])
  expect(parts(100, 4)).toEqual([25, 25, 25, 25])
  expect(parts(0, 4)).toEqual([0, 0, 0, 0])
  expect(partOf(undefined)(10)).toBe(10)
})

it('each worker may do something where there is anything to do', () => {
  expect([1, 2, 3].map((slot) => partOf({ slot, workers: 3 })(2))).toEqual([1, 1, 1])
})

it('the workers of a node without Redis share the store that they are given', () => {
  const nothing = () => {}
  const options = {
    redis: undefined,
    clock: new FakeClock(),
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    meter: { counter: () => ({ add: nothing }), gauge: nothing },
    random: () => 0,
  }
  const alone = createStores(options)
  expect(alone.store).toBe(alone.localStore)
  expect(alone.nodes()).toBe(1)
  const { store } = createStores(options)
  const worker = createStores({ ...options, place: { slot: 1, workers: 4, node: 'a', store } })
  expect(worker.store).toBe(store)
  expect(worker.localStore).not.toBe(store)
  expect(worker.nodes()).toBe(4)
})
