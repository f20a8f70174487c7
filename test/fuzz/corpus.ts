// Inputs on disk, a folder for each target, each file named by its content.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'corpus')

export function readCorpus(target: string): readonly Buffer[] {
  const folder = join(FOLDER, target)
  if (!existsSync(folder)) return []
  // Sorted: the same seed makes the same inputs.
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)))
}

/** Returns the path of the file. */
export function keepInput(target: string, input: Buffer): string {
  const folder = join(FOLDER, target)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16))
  writeFileSync(path, input)
  return path
}
