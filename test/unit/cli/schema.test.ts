// `turnpike schema`: the built-in plugins, and those that a FILE adds.
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { schema } from '../../../src/cli/schema.ts'
import { withRoute, writeFiles } from '../config/config-under-test.ts'
import { runCommand } from './command-under-test.ts'

const AUDIT = `import { z } from '${import.meta.resolve('zod')}'
export const audit = { name: 'audit', stage: 'request', summary: 'Writes.',
  settings: z.strictObject({ topic: z.string().describe('Where to.') }), create: () => ({}) }`

describe('schema', () => {
  it('prints the schema of the built-in plugins', async () => {
    const { code, stdout, stderr } = await runCommand(schema, { cwd: writeFiles({}) })
    expect([code, stderr]).toEqual([0, ''])
    expect(Object.keys(JSON.parse(stdout).definitions)).toContain('plugin.retry')
  })

  it('adds the plugins that the file uses', async () => {
    const folder = writeFiles({
      'turnpike.yaml': `use: { audit: ./audit.mjs }\n${withRoute('match: /x')}`,
      'audit.mjs': AUDIT,
    })
    const { code, stdout } = await runCommand(schema, { positionals: [join(folder, 'turnpike.yaml')] })
    expect(code).toBe(0)
    const { definitions } = JSON.parse(stdout)
    expect(definitions['plugin.audit'].anyOf[0].properties.topic.description).toBe('Where to.')
    expect(definitions.service.properties.audit).toEqual({ $ref: '#/definitions/plugin.audit' })
  })

  it('prints the faults of a file that has some, and no schema', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'nope: 1\n' })
    const { code, stdout, stderr } = await runCommand(schema, {
      positionals: [join(folder, 'turnpike.yaml')],
    })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('unknown key "nope"')
  })

  it('exits 64 for two files', async () => {
    const { code, stderr } = await runCommand(schema, { positionals: ['a', 'b'] })
    expect([code, stderr]).toEqual([64, 'turnpike: schema takes one FILE\nhow it is used: turnpike --help\n'])
  })
})
