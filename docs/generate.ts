// Writes what is generated from the schemas: JSON Schema, config reference, plugin pages, defaults in docs/security.md. `--check` only compares.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { plugins } from '../plugins/index.ts'
import { generatePages, stalePages } from './generate/pages.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const pages = generatePages(plugins, ROOT)
const stale = stalePages(pages, ROOT)
if (process.argv.includes('--check')) {
  for (const path of stale) process.stderr.write(`${path} is stale: npm run generate\n`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const path of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), pages.get(path)!)
    process.stdout.write(`wrote ${path}\n`)
  }
}
