// `turnpike explain`: wrong usage, and what it prints of long values and secrets.
import { describe, expect, it } from 'vitest'
import { explain } from '../../../src/cli/explain.ts'
import { withRoute, writeFiles } from '../config/config-under-test.ts'
import { runCommand } from './command-under-test.ts'

describe('explain exits 64', () => {
  it.each([
    ['a missing URL', ['GET'], {}, 'explain needs METHOD and URL'],
    ['a fourth word', ['GET', '/x', 'a', 'b'], {}, 'explain takes METHOD, URL and one FILE'],
    ['a method in lower case', ['get', '/x'], {}, '"get" is not a method: methods are upper case, like GET'],
    [
      'a field without a colon',
      ['GET', '/x'],
      { header: ['a: b', 'bad'] },
      `-H "bad" is not a header: write 'name: value'`,
    ],
    [
      'a field without a name',
      ['GET', '/x'],
      { header: [': b'] },
      `-H ": b" is not a header: write 'name: value'`,
    ],
  ])('for %s', async (_name, positionals, flags, fault) => {
    const cwd = writeFiles({ 'turnpike.yaml': withRoute('match: /x') })
    expect(await runCommand(explain, { cwd, positionals, flags })).toEqual({
      code: 64,
      stdout: '',
      stderr: `turnpike: ${fault}\nhow it is used: turnpike --help\n`,
    })
  })
})
