// A short run of the fuzzer in every test run: the corpus, and the same further inputs on every machine.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { planted } from './targets/planted.ts'
import { targets } from './targets.ts'

const FUZZ = fileURLToPath(new URL('./fuzz.ts', import.meta.url))

// In a process of its own: the test run measures its coverage by the same counters.
async function fuzz(name: string, runs: number) {
  const args = [FUZZ, '--target', name, '--runs', String(runs), '--seed', '1']
  const child = spawn(process.execPath, ['--conditions=turnpike-source', ...args])
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'close')
  return { code, output }
}

describe('the fuzzer', () => {
  it('finds a fault behind three bytes that nobody would guess: it follows what it reaches', async () => {
    const { code, output } = await fuzz(planted.name, planted.runsInCi)
    expect(output).toContain('the planted fault')
    expect(code).toBe(1)
  })

  it.each(targets.map(({ name, runsInCi }) => [name, runsInCi]))(
    'breaks no promise of %s',
    async (name, runs) => {
      const { code, output } = await fuzz(name, runs)
      expect(code, output).toBe(0)
      expect(output).toMatch(new RegExp(`^${name}: \\d+ inputs`))
    },
  )
})
