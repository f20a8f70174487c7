import { expect, it } from 'vitest'
import type { LimitVerdict } from '../../../src/plugin.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createPrimaryStore, type NumberedCall } from '../../../src/store/primary-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const CHECK = { kind: 'window', key: 'a', limit: 3, windowMs: 60_000 } as const

function start(workers: number) {
  const clock = new FakeClock()
  const kept = createMemoryStore({ clock })
  const sent: NumberedCall[][] = []
  const outages: boolean[] = []
  const state = { answers: true }
  const stores = Array.from({ length: workers }, () => {
    const store = createPrimaryStore({
      clock,
      onOutage: (isDown) => outages.push(isDown),
      send(calls) {
        sent.push([...calls])
        if (!state.answers) return
        store.receive(calls.map(({ id, args }) => ({ id, verdict: kept.take(...args) })))
      },
    })
    return store
  })
  return { clock, stores, sent, outages, state }
}

const allowed = (verdicts: readonly LimitVerdict[]) => verdicts.filter((verdict) => verdict.allowed).length

it('admits for all workers together what one store admits', async () => {
  const { stores } = start(4)
  const verdicts = await Promise.all(stores.flatMap((store) => [store.take([CHECK]), store.take([CHECK])]))
  expect(allowed(verdicts)).toBe(3)
})

it('sends the calls of one turn of the event loop together', async () => {
  const { stores, sent } = start(1)
  await Promise.all([stores[0]!.take([CHECK]), stores[0]!.take([CHECK], 2), stores[0]!.take([CHECK])])
  expect(sent.map((calls) => calls.map(({ args }) => args[1]))).toEqual([[1, 2, 1]])
})

it('gives up after a second, then asks nobody until the primary answers a probe', async () => {
  const { stores, clock, sent, outages, state } = start(1)
  const [store] = stores
  state.answers = false
  for (let call = 0; call < 3; call++) {
    const verdict = store!.take([CHECK]).catch((error) => error.code)
    await clock.advance(1000)
    expect(await verdict).toBe('STORE_UNAVAILABLE')
  }
  expect(outages).toEqual([true])
  const calls = sent.length
  await expect(store!.take([CHECK])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(sent).toHaveLength(calls)
  state.answers = true
  await clock.advance(2000)
  expect(outages).toEqual([true, false])
  expect((await store!.take([CHECK])).states[0]?.remaining).toBe(2)
})

it('ignores an answer that comes too late', async () => {
  const { stores, clock, sent, state } = start(1)
  state.answers = false
  const verdict = stores[0]!.take([CHECK]).catch((error) => error.code)
  await clock.advance(1000)
  stores[0]!.receive([{ id: sent[0]![0]!.id, verdict: { allowed: true, states: [] } }])
  expect(await verdict).toBe('STORE_UNAVAILABLE')
})

it('leaves no timer behind', async () => {
  const { stores, clock } = start(1)
  await stores[0]!.take([CHECK])
  stores[0]!.close()
  expect(clock.timers).toBe(0)
})
