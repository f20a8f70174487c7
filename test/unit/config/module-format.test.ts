// Config modules in a folder whose package.json says "commonjs". In a process of its own: vitest loads files its own way.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Files, writeFiles } from './config-under-test.ts'

const LOAD = new URL('../../../src/config/load.ts', import.meta.url).href
const CONFIG = `{ services: { a: { targets: ['http://a'], routes: { r: '/x' } } } }`

/** The paths of the routes, or the faults. */
function read(files: Files): string {
  const folder = writeFiles({ ...files, 'package.json': '{ "type": "commonjs" }' })
  const file = join(folder, Object.keys(files)[0] as string)
  const script = `import { loadConfiguration } from '${LOAD}'
    const { configuration, render } = await loadConfiguration('${file}', { plugins: [], env: {} })
    process.stdout.write(configuration?.routes.map(({ path }) => path).join(' ') ?? render(false))`
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
}

describe('a module in a CommonJS folder', () => {
  it.each(['ts', 'js'])(
    'as .%s is an ES module, as are its plugins and what it imports',
    (extension) => {
      const files = {
        [`turnpike.config.${extension}`]: `// A config.
          import { path } from './path.${extension}'
          import { other } from './other.js'
          export default { use: { audit: './audit.${extension}' }, services: { a: { targets: ['http://a'],
            routes: { r: path, s: other } } } }`,
        [`path.${extension}`]: `export const path = '/p'`,
        [`audit.${extension}`]: `import { z } from 'zod'
          export default { stage: 'request', summary: '', settings: z.string(), create: () => ({}) }`,
        'other.js': `exports.other = '/o'`,
      }
      expect(read(files)).toBe('/p /o')
    },
    20_000,
  )

  it.each(['turnpike.config.js', 'turnpike.config.ts'])(
    'that is written as CommonJS stays so: %s',
    (name) => {
      expect(read({ [name]: `// import nothing\nmodule.exports = ${CONFIG}` })).toBe('/x')
    },
    20_000,
  )
})
