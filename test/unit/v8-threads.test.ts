import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

// In a process of its own: what has given way once needs a privilege to come back.
const SCRIPT = `
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { makeHelpersGiveWay } from '${new URL('../../src/v8-threads.ts', import.meta.url)}'
const own = getPriority()
makeHelpersGiveWay()
const threads = readdirSync('/proc/self/task').map((thread) => ({
  isHelper: readFileSync('/proc/self/task/' + thread + '/comm', 'utf8').trim() === 'V8Worker',
  below: getPriority(Number(thread)) - own,
}))
console.log(JSON.stringify(threads))
`

it('the threads of V8 give way to the one that serves, and no other thread does', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], { cwd: folder })
  const threads: { isHelper: boolean; below: number }[] = JSON.parse(printed.toString())
  const helpers = threads.filter(({ isHelper }) => isHelper)
  expect(helpers.length).toBeGreaterThan(0)
  for (const { below } of helpers) expect(below).toBe(10)
  for (const { isHelper, below } of threads) if (!isHelper) expect(below).toBe(0)
})
