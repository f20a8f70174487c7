// The list of built-in plugins.
import { readdirSync } from 'node:fs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type PluginSettings, plugins } from '../../../plugins/index.ts'
import { STAGES } from '../../../src/plugin.ts'

const folders = readdirSync(new URL('../../../plugins', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

describe('the built-in plugins', () => {
  it('are all there are in the folder, each under the name of its own', () => {
    expect(plugins.map(({ name }) => kebab(name)).sort()).toEqual(folders.sort())
  })

  it('are listed outermost stage first', () => {
    const stages = plugins.map(({ stage }) => STAGES.indexOf(stage))
    expect(stages).toEqual(stages.toSorted((a, b) => a - b))
  })

  it('shield before they answer, identify before they limit, and retry last', () => {
    const names = plugins.map(({ name }) => name)
    const order = [
      'ipAllow',
      'cors',
      'auth',
      'rateLimit',
      'headers',
      'timeout',
      'concurrency',
      'circuitBreaker',
      'retry',
    ]
    expect(names.filter((name) => order.includes(name))).toEqual(order)
  })

  it('say in one sentence what they do', () => {
    for (const { summary } of plugins) expect(summary).toMatch(/^[A-Z][^\n]*\.$/)
  })

  it.each(plugins.map(({ name, settings }) => [name, settings] as const))(
    '%s has settings that an editor can complete',
    (_name, settings) => {
      expect(() => z.toJSONSchema(settings, { io: 'input' })).not.toThrow()
    },
  )

  it('have typed settings', () => {
    expectTypeOf<PluginSettings['cors']['origins']>().toEqualTypeOf<'*' | string[]>()
    expectTypeOf<PluginSettings['bodyLimit']>().toEqualTypeOf<string>()
    const names: readonly (keyof PluginSettings)[] = [
      'ipAllow',
      'cors',
      'bodyLimit',
      'auth',
      'headers',
      'retry',
    ]
    expect(plugins.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]))
  })
})
