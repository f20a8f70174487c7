// The end of a generation: whatever a plugin does there, everything else is closed.
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { Generation, type GenerationEnvironment } from '../../src/generation.ts'
import { KeptState } from '../../src/kept-state.ts'
import { atOnce } from '../../src/pace.ts'
import type { Hooks, Plugin } from '../../src/plugin.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { loaded } from './config/config-under-test.ts'

const CONFIG = `
services:
  a:
    targets: [http://a]
    closing: {}
    routes: { r: /x }
`

function pluginWith(name: string, create: () => Hooks): Plugin {
  return { name, stage: 'edge', summary: 'Ends.', settings: z.strictObject({}), create }
}

function setUp() {
  const clock = new FakeClock()
  const released: string[] = []
  const logged: string[] = []
  const error = (facts: object, message: string) =>
    logged.push(`${message}: ${(facts as { error: Error }).error.message}`)
  const store = createMemoryStore({ clock })
  const environment: GenerationEnvironment = {
    clock,
    random: () => 0,
    logger: { debug() {}, info() {}, warn() {}, error },
    meter: { counter: () => ({ add() {} }), gauge() {} },
    store,
    localStore: store,
    nodes: () => 1,
    ofNode: (total) => total,
    states: new KeptState(),
    services: {
      hold: ({ name }: { name: string }) => ({ name, targets: [], call: () => Promise.reject(new Error()) }),
      release: async ({ name }: { name: string }) => void released.push(name),
    } as unknown as GenerationEnvironment['services'],
    record: () => ({ switched() {}, finish() {} }),
  }
  return { clock, released, logged, environment }
}

const build = async (plugins: readonly Plugin[], environment: GenerationEnvironment, config = CONFIG) =>
  Generation.build(1, await loaded(config, { plugins }), environment)

it.each([
  [
    'throws',
    () => {
      throw new Error('no end')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no end'))],
] as const)('a plugin whose close %s keeps no service from being closed', async (_how, close) => {
  const { released, logged, environment } = setUp()
  const generation = atOnce(await build([pluginWith('closing', () => ({ close }))], environment))
  await generation.retire()
  expect(released).toEqual(['a'])
  expect(logged).toEqual(['a plugin failed to close: no end'])
})

it('a plugin that never ends its close is not waited for', async () => {
  const { clock, released, logged, environment } = setUp()
  const close = () => new Promise<void>(() => {})
  const generation = atOnce(await build([pluginWith('closing', () => ({ close }))], environment))
  let retired = false
  void generation.retire().then(() => {
    retired = true
  })
  await clock.advance(4999)
  expect([retired, released]).toEqual([false, []])
  await clock.advance(1)
  expect([retired, released]).toEqual([true, ['a']])
  expect(logged).toEqual(['a plugin failed to close: it takes too long'])
  expect(clock.timers).toBe(0)
})

it("what was made before a plugin refuses the generation is closed, and its failure is nobody's surprise", async () => {
  const { released, logged, environment, clock } = setUp()
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const closing = pluginWith('closing', () => ({ close: () => Promise.reject(new Error('no end')) }))
  const refusing = pluginWith('refusing', () => {
    throw new Error('not like this')
  })
  const config = CONFIG.replace('r: /x', 'r: /x, s: { match: /y, refusing: {} }')
  const steps = await build([closing, refusing], environment, config)
  expect(() => atOnce(steps)).toThrow('not like this')
  await clock.advance(0)
  await new Promise(setImmediate)
  expect(released).toEqual(['a'])
  expect(logged).toEqual(['a plugin failed to close: no end'])
  expect(unhandled).toEqual([])
})
