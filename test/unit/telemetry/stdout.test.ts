import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fileDestination } from '../../../src/telemetry/stdout.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stdout-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function written(fd: number, chunk: string): Promise<Error | null | undefined> {
  return new Promise((resolve) => fileDestination(fd).write(chunk, resolve))
}

describe('a log destination that is a file', () => {
  it('takes what is written, in order', async () => {
    const path = join(folder, 'log')
    const fd = openSync(path, 'w')
    const destination = fileDestination(fd)
    await new Promise((resolve) => destination.write('one\n', resolve))
    destination.writeSync?.('two\n')
    closeSync(fd)
    expect(readFileSync(path, 'latin1')).toBe('one\ntwo\n')
  })

  it('reports a full disk instead of throwing', async () => {
    const fd = openSync('/dev/full', 'w')
    expect(await written(fd, 'lost\n')).toMatchObject({ code: 'ENOSPC' })
    closeSync(fd)
  })
})
