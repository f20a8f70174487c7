// A configuration loaded a second time from what its files said, whatever has become of them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of the config.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfiguration } from '../../../src/config/load.ts'
import { load, testPlugins, withRoute, writeFiles } from './config-under-test.ts'

const FILES = {
  'turnpike.yaml': `redis: "redis://:\${secret:WORD}@localhost"\ninclude: teams/*.yaml\n${withRoute('match: { path: /x, query: { q: "${file:./value}" } }')}`,
  'teams/b.yaml': 'services:\n  b: { targets: [http://b], routes: { r: /b } }\n',
  'teams/value': 'one',
  'secrets/WORD': 'open',
  value: 'two',
}

it('is the same when the files are broken or gone by then', async () => {
  const folder = writeFiles(FILES)
  const file = join(folder, 'turnpike.yaml')
  const options = { plugins: testPlugins, env: { TURNPIKE_SECRETS_DIR: join(folder, 'secrets') } }
  const first = await loadConfiguration(file, options)
  expect(first.faults).toEqual([])

  writeFileSync(file, 'services: [')
  for (const gone of ['teams', 'value', 'secrets']) rmSync(join(folder, gone), { recursive: true })
  expect((await loadConfiguration(file, options)).configuration).toBeUndefined()
  const copies = JSON.parse(JSON.stringify(first.copies))
  const again = await loadConfiguration(file, { ...options, copies })
  expect(again.faults).toEqual([])
  expect(again.configuration?.hash).toBe(first.configuration?.hash)
  expect(again.configuration?.redis).toBe('redis://:open@localhost')
  expect(again.configuration?.routes.map(({ id, origin }) => [id, origin])).toEqual(
    first.configuration?.routes.map(({ id, origin }) => [id, origin]),
  )
  expect(again.files).toEqual(first.files)
  expect(again.copies).toEqual(first.copies)
})

it('gives an included file no value that only the root may read', async () => {
  const { faults } = await load({
    'team/turnpike.yaml': `include: ./b.yaml\n${withRoute('match: { path: /x, query: { q: "${file:../key}" } }')}`,
    'team/b.yaml': 'services:\n  b: { targets: ["http://${file:../key}"], routes: { r: /b } }\n',
    key: 'mine',
  })
  expect(faults.map(({ message }) => message)).toEqual(['an included file may not read ../key'])
})
