// Imports a config or plugin file: anew when its text has changed, since Node keeps every module for ever.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import type { Position } from './fault.ts'
import { loadAsModule, provideOwnPackages } from './own-packages.ts'

export interface ImportedModule {
  readonly exports: Readonly<Record<string, unknown>>
  /** SHA-256 of the file's text. */
  readonly hash: string
}

/** Throws whatever the file throws. Modules that it imports itself stay as they were first loaded. */
export async function importModule(path: string): Promise<ImportedModule> {
  provideOwnPackages()
  const hash = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  const url = pathToFileURL(path)
  loadAsModule(url.href)
  // No query: the log would cut it away, and with it the line of every stack trace.
  url.hash = hash.slice(0, 16)
  return { exports: await import(url.href), hash }
}

/** Where in the file it failed, when the error tells. */
export function failurePosition(error: unknown, path: string, file: string): Position {
  const { href } = pathToFileURL(path)
  const frame =
    error instanceof Error
      ? (error.stack ?? '').split('\n').find((line) => line.includes(href) || line.includes(path))
      : undefined
  const [, line, column] = /:(\d+)(?::(\d+))?\)?$/.exec(frame ?? '') ?? []
  return { file, line: numberOf(line), column: numberOf(column) }
}

/** The first line of what was thrown. */
export function failureMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0] ?? ''
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
