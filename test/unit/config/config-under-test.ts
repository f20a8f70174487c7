// Configs for tests: written to a folder of their own, loaded with a handful of small plugins.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Configuration, LoadOptions, LoadResult } from '../../../src/config/configuration.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import type { Plugin } from '../../../src/plugin.ts'
import { duration, rate } from '../../../src/units.ts'

interface AuthRoot {
  readonly auth?: Readonly<Record<string, { readonly type: string }>> | undefined
}

const auth: Plugin<string | { use: string }, AuthRoot> = {
  name: 'auth',
  stage: 'identity',
  summary: 'Says who calls.',
  off: 'none',
  settings: z.union([
    z.string(),
    z.strictObject({ use: z.string(), scopes: z.array(z.string()).optional() }),
  ]),
  root: z.object({
    auth: z.record(z.string(), z.strictObject({ type: z.enum(['jwt', 'apiKey']) })).optional(),
  }),
  required: (root) => Object.keys(root.auth ?? {}).length > 0,
  check(settings, { root }) {
    const [name, path] = typeof settings === 'string' ? [settings, []] : [settings.use, ['use']]
    const defined = Object.keys(root.auth ?? {})
    if (defined.includes(name)) return []
    return [{ path, message: `no auth provider named "${name}"`, hint: `defined: ${defined.join(', ')}` }]
  },
  create: () => ({}),
}

const limit = z.strictObject({ limit: rate, by: z.enum(['ip', 'consumer']).default('ip') })

const rateLimit: Plugin<z.output<typeof limit> | z.output<typeof limit>[]> = {
  name: 'rateLimit',
  stage: 'policy',
  summary: 'Limits how many.',
  layering: 'add',
  settings: z.union([limit, z.array(limit).min(1)]),
  check(settings, { identifies }) {
    const list = Array.isArray(settings) ? settings : [settings]
    const prefix = (at: number) => (Array.isArray(settings) ? [at, 'by'] : ['by'])
    return list.flatMap(({ by }, at) =>
      by === 'consumer' && !identifies
        ? [{ path: prefix(at), message: 'nobody is identified here', hint: 'add auth, or say by: ip' }]
        : [],
    )
  },
  create: () => ({}),
}

const timeout: Plugin<number> = {
  name: 'timeout',
  stage: 'resilience',
  summary: 'Limits how long.',
  settings: duration,
  create: () => ({}),
}

const retry: Plugin<{ attempts: number }> = {
  name: 'retry',
  stage: 'resilience',
  summary: 'Tries again.',
  settings: z.strictObject({ attempts: z.int().min(1).max(5).default(1).describe('Extra tries.') }),
  create: () => ({}),
}

export const testPlugins: readonly Plugin[] = [auth, rateLimit, timeout, retry] as readonly Plugin[]

export type Files = Readonly<Record<string, string>>

/** A folder with these files; gone when the test has finished. */
export function writeFiles(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The first file is the root. */
export async function load(files: Files | string, options: Partial<LoadOptions> = {}): Promise<LoadResult> {
  const written = typeof files === 'string' ? { 'turnpike.yaml': files } : files
  const folder = writeFiles(written)
  const result = await loadConfiguration(join(folder, Object.keys(written)[0]!), {
    plugins: testPlugins,
    env: {},
    ...options,
  })
  return { ...result, render: (color) => result.render(color).replaceAll(`${folder}/`, '') }
}

/** The configuration; the rendered faults fail the test. */
export async function loaded(files: Files | string, options?: Partial<LoadOptions>): Promise<Configuration> {
  const result = await load(files, options)
  if (!result.configuration) throw new Error(result.render(false))
  return result.configuration
}

/** One line for each fault: `line:column message (hint)`. */
export async function faultsOf(
  files: Files | string,
  options?: Partial<LoadOptions>,
): Promise<readonly string[]> {
  const { render } = await load(files, options)
  const lines = render(false).split('\n')
  return lines.flatMap((line, at) => {
    const [, place, message] = /^([^ |][^ ]*?) {2}error {2}(.*)$/.exec(line) ?? []
    if (message === undefined) return []
    const caret = lines.slice(at + 1, at + 3).find((next) => /^ +\| +\^/.test(next))
    const hint = caret?.replace(/^ +\| +\^ ?/, '')
    return [`${place?.replace(/^turnpike\.yaml:/, '')} ${message}${hint ? ` (${hint})` : ''}`]
  })
}

/** A config around one service with one route. */
export function withRoute(route: string, service = ''): string {
  return `services:\n  a:\n    targets: [http://a]\n${service}    routes:\n      r:\n${route.replace(/^/gm, '        ')}\n`
}
