// Maps with more keys than are searched one by one: their duplicates and places are known all the same.
import { describe, expect, it } from 'vitest'
import { parseAnyYaml, parseYaml } from '../../../src/config/parse-yaml.ts'
import { type ConfigMap, Places } from '../../../src/config/places.ts'
import { Source } from '../../../src/config/source.ts'
import { atOnce } from '../../../src/pace.ts'
import { faultsOf, loaded } from './config-under-test.ts'

const SIZES = [9, 10, 11, 12, 13, 40, 400]
const READERS = [
  ['the quick reader', (source: Source, places: Places) => atOnce(parseYaml(source, places))],
  ['the library', parseAnyYaml],
] as const

const keys = (count: number) => Array.from({ length: count }, (_, at) => `k${at}`)
const block = (names: readonly string[]) => names.map((name, at) => `${name}: v${at}\n`).join('')
const flow = (names: readonly string[]) => `{\n${names.map((name, at) => `  ${name}: v${at},\n`).join('')}}\n`

const routes = (count: number, extra = '') =>
  `services:\n  a:\n    targets: [http://a]\n    routes:\n${keys(count)
    .map((name) => `      ${name}: /${name}\n`)
    .join('')}${extra}`

describe.each(READERS)('%s', (_name, parse) => {
  it.each(SIZES)('knows the place of every key of a map of %i', (count) => {
    for (const [text, firstLine] of [
      [block(keys(count)), 1],
      [flow(keys(count)), 2],
    ] as const) {
      const places = new Places()
      const { value, faults } = parse(new Source('c.yaml', '/c.yaml', text), places)
      expect(faults).toEqual([])
      const found = keys(count).map((key) => places.position(value, [key], true)?.line)
      expect(found).toEqual(keys(count).map((_key, at) => at + firstLine))
      expect(places.origin(value, `k${count - 1}`)).toBe(`c.yaml:${count - 1 + firstLine}`)
    }
  })

  it.each(SIZES)('refuses each key that a map of %i has already, and keeps the first', (count) => {
    for (const write of [block, flow]) {
      const names = [...keys(count), ...keys(count)]
      const { value, faults } = parse(new Source('c.yaml', '/c.yaml', write(names)), new Places())
      expect(faults.map(({ message }) => message)).toEqual(keys(count).map((key) => `duplicate key "${key}"`))
      expect((value as ConfigMap)[`k${count - 1}`]).toBe(`v${count - 1}`)
    }
  })
})

describe('a config with many routes in one service', () => {
  it.each(SIZES)('tells a route that is written twice among %i', async (count) => {
    const last = `k${count - 1}`
    expect(await faultsOf(routes(count, `      ${last}: /other\n`))).toEqual([
      `${count + 5}:7 services.a.routes.${last}: duplicate key "${last}" (first defined at turnpike.yaml:${count + 4})`,
    ])
  })

  it.each(SIZES)('tells where the last of %i was written', async (count) => {
    const { routes: read } = await loaded(routes(count))
    expect(read.at(-1)?.origin).toMatch(new RegExp(`turnpike\\.yaml:${count + 4}$`))
    expect(await faultsOf(routes(count, '      odd: x\n'))).toEqual([
      expect.stringMatching(new RegExp(`^${count + 5}:\\d+ services\\.a\\.routes\\.odd: `)),
    ])
  })
})
