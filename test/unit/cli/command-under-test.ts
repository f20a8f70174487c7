// A command with everything it is given, and what it printed.
import type { CliArguments } from '../../../src/cli/arguments.ts'
import { testPlugins } from '../config/config-under-test.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function runCommand(
  command: (args: CliArguments) => Promise<number>,
  given: Partial<CliArguments>,
): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const code = await command({
    positionals: [],
    flags: {},
    plugins: testPlugins,
    checks: [],
    env: {},
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
    color: false,
    cwd: process.cwd(),
    version: '0.0.0',
    ...given,
  })
  return { code, stdout, stderr }
}
