// Everything that is generated: path -> text.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonSchema } from '../../src/config/json-schema.ts'
import type { Plugin } from '../../src/plugin.ts'
import { configPage } from './config-page.ts'
import { errorsPage } from './errors-page.ts'
import { createPresets, fillDefaults } from './filled-defaults.ts'
import { type PluginExample, pluginPage } from './plugin-page.ts'

const SECURITY = 'docs/security.md'

/** Paths are relative to `root`, the project's folder. */
export function generatePages(plugins: readonly Plugin[], root: string): ReadonlyMap<string, string> {
  const pages = new Map<string, string>()
  pages.set('schema/turnpike.schema.json', `${JSON.stringify(createJsonSchema(plugins), null, 2)}\n`)
  pages.set('docs/config.md', configPage(plugins, folderOf))
  pages.set('docs/errors.md', errorsPage())
  pages.set(SECURITY, fillDefaults(readIfThere(join(root, SECURITY))!, createPresets(plugins, root)))
  for (const plugin of plugins) {
    pages.set(`${folderOf(plugin)}/README.md`, pluginPage(plugin, exampleOf(plugin, root)))
  }
  return pages
}

/** The pages that are not what they should be. */
export function stalePages(pages: ReadonlyMap<string, string>, root: string): readonly string[] {
  return [...pages].filter(([path, text]) => readIfThere(join(root, path)) !== text).map(([path]) => path)
}

function folderOf({ name }: Plugin): string {
  return `plugins/${kebab(name)}`
}

function exampleOf({ name }: Plugin, root: string): PluginExample | undefined {
  const file = `examples/${kebab(name)}.yaml`
  const text = readIfThere(join(root, file))
  return text === undefined ? undefined : { file, text }
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}
