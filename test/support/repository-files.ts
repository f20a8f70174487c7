// The files of this repository that other programs read: as text, as YAML, and through `turnpike check`.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'

export const ROOT = resolve(import.meta.dirname, '../..')

export interface ComposeService {
  readonly image?: string
  readonly build?: string
  readonly expose?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: object
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

// biome-ignore lint/suspicious/noExplicitAny: documents of many kinds, of which a test reads a few fields each.
export type Document = any

export function text(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Throws when the file is not valid YAML. */
export function yamlDocuments(path: string): readonly Document[] {
  return parseAllDocuments(text(path), { merge: true }).map((document) => {
    const faults = [...document.errors, ...document.warnings]
    if (faults.length > 0) throw new Error(`${path}: ${faults.join('; ')}`)
    return document.toJS()
  })
}

export function yaml(path: string): Document {
  return yamlDocuments(path)[0]
}

export function composeServices(): Readonly<Record<string, ComposeService>> {
  return yaml('docker-compose.yml').services
}

export function turnpikeCheck(file: string): { readonly status: number | null; readonly output: string } {
  const args = ['--conditions=turnpike-source', 'src/start.ts', 'check', file]
  const env = { ...process.env, REDIS_URL: 'redis://redis:6379' }
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' })
  return { status, output: stdout + stderr }
}

export interface Instruction {
  readonly word: string
  readonly rest: string
}

export function dockerInstructions(): readonly Instruction[] {
  const lines = text('Dockerfile')
    .replace(/\\\n\s*/g, '')
    .split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [word, ...rest] = line.split(' ')
      return { word: word!, rest: rest.join(' ') }
    })
}
