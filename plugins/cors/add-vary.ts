// The Vary field, with names added that are not in it yet.
import type { HeaderList } from '../../src/plugin.ts'

/** `names` is one name or a list of names that belong together. */
export function addVary(headers: HeaderList, names: string): void {
  const listed = headers
    .all('vary')
    .join(',')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  if (listed.includes('*')) return
  const missing = names.split(', ').filter((name) => !listed.includes(name.toLowerCase()))
  if (missing.length > 0) headers.append('Vary', missing.join(', '))
}
