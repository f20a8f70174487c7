// The demo as a newcomer meets it: started as a process, its banner walked line by line.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'turnpike-demo-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly output: string
}

function demo(args: readonly string[], path = process.env['PATH']): Promise<Ended> {
  const command = ['--conditions=turnpike-source', 'examples/demo/demo.ts', ...args]
  const child = spawn(process.execPath, command, { cwd: ROOT, env: { ...process.env, PATH: path } })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  return new Promise((ended) => child.once('exit', (code) => ended({ code, output })))
}

describe('npm run demo', () => {
  it('does what its banner says, every line of it', async () => {
    const { code, output } = await demo(['--check'])
    expect(output).toContain('demo: everything is as the banner says')
    expect(output.match(/^ {2}ok /gm)).toHaveLength(output.match(/^ {4}(curl|for) /gm)?.length ?? 0)
    expect(code).toBe(0)
  })

  it('checks itself with fetch where there is no curl, and says so', async () => {
    symlinkSync(process.execPath, join(folder, 'node'))
    const { code, output } = await demo(['--check'], [folder].join(delimiter))
    expect(output).toContain('There is no curl here')
    expect(output).toContain('demo: everything is as the banner says')
    expect(code).toBe(0)
  })

  it('refuses an argument that it does not know', async () => {
    const { code, output } = await demo(['--chekc'])
    expect(output).toContain('usage: npm run demo')
    expect(code).toBe(64)
  })
})
