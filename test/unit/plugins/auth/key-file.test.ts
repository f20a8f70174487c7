// When a key file is read again, and what happens when it is then no good.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseJwkSet } from '../../../../plugins/auth/jwk-set.ts'
import { KeyFile } from '../../../../plugins/auth/key-file.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ecKey, jwkSet } from '../../../support/tokens.ts'
import { fakeLogger } from './fakes.ts'

const old = ecKey('old')
const next = ecKey('next')
const path = join(mkdtempSync(join(tmpdir(), 'jwks-')), 'jwks.json')

let clock: FakeClock
let logs: { level: string; message: string }[]
let file: KeyFile

beforeEach(() => {
  clock = new FakeClock()
  logs = []
  writeFileSync(path, jwkSet(old))
  file = new KeyFile({ path, provider: 'corp', clock, logger: fakeLogger(logs as never), parse: parseJwkSet })
})

const knows = (id: string): boolean => file.current().candidates('ES256', id).length > 0

/** Waits for the look at the file that is under way, or starts one. */
async function settle(): Promise<void> {
  await file.refresh()
}

describe('a key file', () => {
  it('is looked at again after five seconds, when it is used', async () => {
    writeFileSync(path, jwkSet(old, next))
    await clock.advance(4999)
    expect(file.refresh()).toBeUndefined()
    expect(knows('next')).toBe(false)
    await clock.advance(1)
    expect(knows('next')).toBe(false)
    await settle()
    expect(knows('next')).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('keeps the same set, and so what was verified with it, while its content is the same', async () => {
    const before = file.current()
    writeFileSync(path, jwkSet(old))
    await clock.advance(5000)
    await settle()
    expect(file.current()).toBe(before)
  })

  it('is looked at once for many unknown keys', async () => {
    await clock.advance(5000)
    const answers = Array.from({ length: 100 }, () => file.refresh())
    expect(answers.every((answer) => answer !== undefined)).toBe(true)
    await Promise.all(answers)
    expect(file.refresh()).toBeUndefined()
  })

  it.each([
    ['is half written', () => writeFileSync(path, jwkSet(next).slice(0, -9))],
    ['has disappeared', () => rmSync(path)],
    ['is larger than 256 KB', () => writeFileSync(path, jwkSet(next) + ' '.repeat(256 * 1024))],
  ])('keeps its last keys when it %s, says so once, and recovers', async (_, spoil) => {
    spoil()
    for (let look = 0; look < 3; look++) {
      await clock.advance(5000)
      await settle()
    }
    expect(knows('old')).toBe(true)
    expect(logs.map(({ level }) => level)).toEqual(['warn'])
    writeFileSync(path, jwkSet(next))
    await clock.advance(5000)
    await settle()
    expect([knows('old'), knows('next')]).toEqual([false, true])
  })
})
