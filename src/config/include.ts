// `include`: further files with services, one for each team, merged into the root.
import { globSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { type Path, unknownKey } from './fault.ts'
import type { LoadState } from './load-state.ts'
import { type ConfigMap, createMap, isMap, type Mark } from './places.ts'
import { type ReadFile, readConfigFile } from './read-file.ts'

const MAX_INCLUDED_FILES = 1000
/** Half a second in which nobody is served while a reload looks through them. */
const MAX_LOOKED_AT = 50_000
const TOO_WIDE = `goes through more than ${MAX_LOOKED_AT} files`
const GLOB = /[*?[\]{}!]/

/** Adds the services of every included file to those of the root. */
export async function includeFiles(patterns: readonly string[], state: LoadState): Promise<void> {
  const merge = startMerge(state)
  for (const path of findFiles(patterns, state)) {
    const file = join(dirname(state.file), relative(state.directory, path))
    const read = await readConfigFile({ file, path, included: true }, state)
    if (read) addFile(read, merge, state)
  }
}

function findFiles(patterns: readonly string[], state: LoadState): readonly string[] {
  const found = new Set<string>()
  for (const [at, pattern] of patterns.entries()) {
    state.files.add(watchedDirectory(pattern, state.directory))
    const names = state.copies.matches(pattern) ?? glob(pattern, state)
    const matching = names?.map((one) => resolve(state.directory, one)) ?? []
    const others = matching.filter((path) => path !== state.path)
    for (const path of others) found.add(path)
    if (others.length > 0) continue
    const place: Path = Array.isArray(state.root['include']) ? ['include', at] : ['include']
    const written = JSON.stringify(pattern)
    const hint = 'name the folder that they are in: teams/*.yaml'
    if (names === undefined) state.list.add({ path: place, message: `${written} ${TOO_WIDE}`, hint })
    else state.list.add({ path: place, message: `${written} matches no file` })
  }
  if (found.size <= MAX_INCLUDED_FILES) return [...found].sort()
  const message = `${found.size} files, more than ${MAX_INCLUDED_FILES}`
  state.list.add({ path: ['include'], message })
  return []
}

/** Undefined when the pattern is too wide to be looked through. */
function glob(pattern: string, { copies, directory }: LoadState): readonly string[] | undefined {
  let lookedAt = 0
  const exclude = (): boolean => {
    if (++lookedAt > MAX_LOOKED_AT) throw new RangeError(TOO_WIDE)
    return false
  }
  try {
    return copies.keepMatches(pattern, globSync(pattern, { cwd: directory, exclude }))
  } catch (thrown) {
    if (lookedAt > MAX_LOOKED_AT) return undefined
    throw thrown
  }
}

/** Where a new file may appear: what stands before the first wildcard. */
function watchedDirectory(pattern: string, directory: string): string {
  const parts = pattern.split('/')
  const wild = parts.findIndex((part) => GLOB.test(part))
  const fixed = parts.slice(0, wild < 0 ? -1 : wild).join('/')
  return resolve(directory, pattern.startsWith('/') ? `/${fixed}` : fixed)
}

interface Merge {
  readonly services: ConfigMap
  /** Which file each service is in. */
  readonly marks: Map<string | number, Mark>
}

function startMerge(state: LoadState): Merge {
  const merge: Merge = { services: createMap(), marks: new Map() }
  const own = state.root['services']
  // One that is no map stays, to be refused with the rest of the root.
  if (own !== undefined && !isMap(own)) return merge
  const known = state.places.mark(state.root, 'services')
  if (isMap(own)) take(own, merge, state)
  state.root['services'] = merge.services
  state.places.set(merge.services, merge.marks)
  if (!known) state.places.extend(state.root, 'services', { source: state.rootSource, key: 0, value: 0 })
  return merge
}

function addFile({ source, value }: ReadFile, merge: Merge, state: LoadState): void {
  if (!isMap(value)) {
    const message = `${source.file} is not a map of services`
    if (value !== null) state.list.add({ path: [], message, whole: true, position: source.position(0) })
    return
  }
  for (const key of Object.keys(value)) {
    if (key === 'services' || key.startsWith('x-')) continue
    const position = state.places.position(value, [key], true)
    state.list.add({ ...unknownKey([key], 'an included file holds "services" only'), position })
  }
  const services = value['services']
  const position = state.places.position(value, ['services'], false)
  if (isMap(services)) take(services, merge, state)
  else if (services != null)
    state.list.add({ path: ['services'], message: 'not a map of services', position })
}

function take(services: ConfigMap, merge: Merge, state: LoadState): void {
  for (const name of Object.keys(services)) {
    const mark = state.places.mark(services, name)
    const first = merge.marks.get(name)
    if (mark && first) refuseTwice(name, { first, second: mark }, state)
    else if (mark) {
      merge.marks.set(name, mark)
      merge.services[name] = services[name]
    }
  }
}

function refuseTwice(
  name: string,
  { first, second }: { readonly first: Mark; readonly second: Mark },
  state: LoadState,
): void {
  const message = `the service "${name}" is defined in two files`
  const hint = `first defined at ${first.source.origin(first.key)}`
  const position = second.source.position(second.key)
  state.list.add({ path: ['services', name], message, hint, whole: true, position })
}
