// Changes on a real disk: edits, renames, symlink swaps, new files; and what is no change.
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FileWatcher, type WatchOptions, watchFiles } from '../../../src/config/watch.ts'
import type { Logger } from '../../../src/plugin.ts'
import { writeFiles } from './config-under-test.ts'

const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {} }
/** Far away: what comes sooner came by an event. */
const NEVER_MS = 3_600_000

interface Watched {
  readonly watcher: FileWatcher
  changes(): number
}

async function watching(paths: readonly string[], options: Partial<WatchOptions> = {}): Promise<Watched> {
  let changes = 0
  const watcher = watchFiles(paths, {
    logger: QUIET,
    debounceMs: 20,
    pollMs: NEVER_MS,
    async onChange() {
      changes++
      return undefined
    },
    ...options,
  })
  onTestFinished(() => watcher.close())
  await watcher.ready
  return { watcher, changes: () => changes }
}

const until = (condition: () => boolean) => expect.poll(condition, { interval: 10 }).toBe(true)

describe('a watcher tells', () => {
  it('nothing of what a pipe says, and does not wait for it', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    execFileSync('mkfifo', [join(folder, 'pipe.yaml')])
    const { changes } = await watching([join(folder, 'pipe.yaml'), join(folder, 'turnpike.yaml')])
    writeFileSync(join(folder, 'turnpike.yaml'), 'a: 2')
    await until(() => changes() === 1)
  })

  it('that a file was written', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    const { changes } = await watching([join(folder, 'turnpike.yaml')])
    writeFileSync(join(folder, 'turnpike.yaml'), 'a: 2')
    await until(() => changes() === 1)
  })

  it('that an editor has put another file in its place, again and again', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    const { changes } = await watching([join(folder, 'turnpike.yaml')])
    for (const round of [1, 2, 3]) {
      writeFileSync(join(folder, '.turnpike.yaml.swp'), `round: ${round}`)
      renameSync(join(folder, '.turnpike.yaml.swp'), join(folder, 'turnpike.yaml'))
      await until(() => changes() === round)
    }
  })

  it('that Kubernetes has swapped the link of a ConfigMap, again and again', async () => {
    const folder = writeFiles({ '..2026_01/turnpike.yaml': 'a: 1' })
    symlinkSync('..2026_01', join(folder, '..data'))
    symlinkSync('..data/turnpike.yaml', join(folder, 'turnpike.yaml'))
    const { changes } = await watching([join(folder, 'turnpike.yaml')])
    for (const round of [1, 2, 3]) {
      const version = `..2026_02_${round}`
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'turnpike.yaml'), `round: ${round}`)
      symlinkSync(version, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
      await until(() => changes() === round)
    }
  })

  it('that the file behind a link was written', async () => {
    const folder = writeFiles({ 'real/turnpike.yaml': 'a: 1', 'conf/other': '' })
    symlinkSync('../real/turnpike.yaml', join(folder, 'conf/turnpike.yaml'))
    const { changes } = await watching([join(folder, 'conf/turnpike.yaml')])
    writeFileSync(join(folder, 'real/turnpike.yaml'), 'a: 2')
    await until(() => changes() === 1)
  })

  it('that a file has come, and that it has gone', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    const { changes } = await watching([join(folder, 'secret')])
    writeFileSync(join(folder, 'secret'), 'x')
    await until(() => changes() === 1)
    rmSync(join(folder, 'secret'))
    await until(() => changes() === 2)
  })

  it('that a directory has another file, which nobody named before', async () => {
    const folder = writeFiles({ 'services/a.yaml': 'a' })
    const { changes } = await watching([join(folder, 'services')])
    writeFileSync(join(folder, 'services/b.yaml'), 'b')
    await until(() => changes() === 1)
  })

  it('by polling, where no event comes', async () => {
    const folder = writeFiles({})
    const path = join(folder, 'not/there/yet.yaml')
    const { changes } = await watching([path], { pollMs: 20 })
    mkdirSync(join(folder, 'not/there'), { recursive: true })
    writeFileSync(path, 'a: 1')
    await until(() => changes() === 1)
  })
})

describe('a watcher is silent', () => {
  it('when a file was touched or written as it was', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1', 'sign.yaml': '' })
    const { changes } = await watching([join(folder, 'turnpike.yaml'), join(folder, 'sign.yaml')])
    utimesSync(join(folder, 'turnpike.yaml'), new Date(), new Date())
    writeFileSync(join(folder, 'turnpike.yaml'), 'a: 1')
    writeFileSync(join(folder, 'neighbour.yaml'), 'b')
    writeFileSync(join(folder, 'sign.yaml'), 'the only change')
    await until(() => changes() > 0)
    expect(changes()).toBe(1)
  })

  it('when it was closed', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    const closed = await watching([join(folder, 'turnpike.yaml')], { pollMs: 5 })
    const open = await watching([join(folder, 'turnpike.yaml')], { pollMs: 5 })
    closed.watcher.close()
    writeFileSync(join(folder, 'turnpike.yaml'), 'a: 2')
    await until(() => open.changes() === 1)
    expect(closed.changes()).toBe(0)
  })
})

describe('what a watcher calls', () => {
  it('is never called twice at once, and once more for what changed meanwhile', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 0' })
    const file = join(folder, 'turnpike.yaml')
    let running = 0
    let most = 0
    const seen: number[] = []
    let release = () => {}
    await watching([file], {
      pollMs: 10,
      async onChange() {
        most = Math.max(most, ++running)
        seen.push(seen.length)
        if (seen.length === 1) await new Promise<void>((resolve) => (release = resolve))
        running--
        return undefined
      },
    })
    writeFileSync(file, 'a: 1')
    await until(() => seen.length === 1)
    writeFileSync(file, 'a: 22')
    release()
    await until(() => seen.length === 2)
    expect(most).toBe(1)
  })

  it('may name other files, which are watched from then on', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1', 'later/b.yaml': 'b' })
    const [root, later] = [join(folder, 'turnpike.yaml'), join(folder, 'later/b.yaml')]
    let changes = 0
    await watching([root], {
      async onChange() {
        changes++
        return [later]
      },
    })
    writeFileSync(root, 'a: 2')
    await until(() => changes === 1)
    // The answer must have been taken before the next change can be seen.
    await until(() => {
      writeFileSync(later, `b: ${Math.random()}`)
      return changes > 1
    })
  })

  it('may fail: it is logged, and the next change is told', async () => {
    const folder = writeFiles({ 'turnpike.yaml': 'a: 1' })
    const file = join(folder, 'turnpike.yaml')
    const errors: object[] = []
    let calls = 0
    await watching([file], {
      logger: { ...QUIET, error: (facts) => errors.push(facts) },
      async onChange() {
        if (++calls === 1) throw new Error('boom')
        return undefined
      },
    })
    writeFileSync(file, 'a: 2')
    await until(() => errors.length === 1)
    writeFileSync(file, 'a: 333')
    await until(() => calls === 2)
  })
})
