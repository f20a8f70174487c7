// `turnpike init`: what it writes is valid, and it never writes over anything.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { check } from '../../../src/cli/check.ts'
import { init } from '../../../src/cli/init.ts'
import { writeFiles } from '../config/config-under-test.ts'
import { runCommand } from './command-under-test.ts'

describe('init', () => {
  it.each([
    ['turnpike.yaml', {}],
    ['turnpike.config.ts', { ts: true }],
  ])('writes %s, which passes check', async (name, flags) => {
    const cwd = writeFiles({})
    const written = await runCommand(init, { cwd, flags })
    expect(written).toEqual({
      code: 0,
      stdout: `wrote ${name}\n`,
      stderr: `next: turnpike check ${name}, then turnpike run ${name}\n`,
    })
    const text = readFileSync(join(cwd, name), 'utf8').replace(
      "'turnpike'",
      `'${process.cwd()}/src/turnpike.ts'`,
    )
    const checked = writeFiles({ [name]: text })
    expect(await runCommand(check, { cwd: checked, plugins })).toEqual({
      code: 0,
      stdout: `${name}: 2 routes, 1 service, ok\n`,
      stderr: '',
    })
  })

  it('refuses to write over a file', async () => {
    const cwd = writeFiles({ 'turnpike.yaml': 'mine' })
    expect(await runCommand(init, { cwd })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'turnpike.yaml exists already: nothing was written\n',
    })
    expect(readFileSync(join(cwd, 'turnpike.yaml'), 'utf8')).toBe('mine')
  })

  it('says why it cannot write', async () => {
    const { code, stderr } = await runCommand(init, { cwd: '/nowhere/at/all' })
    expect(code).toBe(1)
    expect(stderr).toContain('turnpike.yaml: ')
    expect(stderr).toContain('ENOENT')
  })

  it('exits 64 for anything it does not know', async () => {
    const { code, stderr } = await runCommand(init, { positionals: ['here'] })
    expect([code, stderr]).toEqual([64, 'turnpike: init takes no FILE\nhow it is used: turnpike --help\n'])
  })
})
