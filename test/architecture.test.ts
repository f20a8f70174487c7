// The architecture as the import lines state it: who may import whom, and what no file may be.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LEAVES = [
  'src/plugin.ts',
  'src/exchange.ts',
  'src/errors.ts',
  'src/headers.ts',
  'src/known-fields.ts',
  'src/http1/message-text.ts',
  'src/http1/usual-names.ts',
  'src/http1/chunked-body.ts',
  'src/random-ids.ts',
  'src/units.ts',
  'src/grpc.ts',
  'src/guarded-lookup.ts',
  'src/listen-address.ts',
  'src/turn.ts',
  'src/seldom.ts',
  'src/pace.ts',
  'src/splice.ts',
  'src/proxy-protocol.ts',
  'src/host-name.ts',
  'src/ip-address.ts',
  'src/address-ranges.ts',
  'src/client-counts.ts',
  'src/first-bytes.ts',
  'src/read-proxy-header.ts',
  'src/waiting.ts',
  'src/connection-facts.ts',
]
const ENGINE_FOLDERS = [
  'config',
  'routing',
  'edge',
  'chain',
  'upstream',
  'tcp',
  'web-socket',
  'store',
  'telemetry',
  'admin',
  'cluster',
]
const MAX_FILE_LINES = 250

/** Outer library -> where it may be imported. */
const LIBRARY_HOMES: Record<string, readonly string[]> = {
  '@fastify/http-proxy': ['src/edge/'],
  fastify: ['src/edge/', 'src/admin/'],
  // Only a contestant of the benchmark.
  undici: [],
  ioredis: ['src/store/'],
  jsonwebtoken: ['plugins/auth/'],
  yaml: ['src/config/'],
  pino: ['src/telemetry/'],
  '@opentelemetry/': ['src/telemetry/'],
}

interface SourceFile {
  readonly path: string
  readonly text: string
  /** Our own files that it imports, from the project's root. */
  readonly own: readonly string[]
  /** The same without `import type`: what exists at run time. */
  readonly ownAtRunTime: readonly string[]
  readonly libraries: readonly string[]
}

const files = [...sourceFiles('src'), ...sourceFiles('plugins')].map(readSource)

describe('imports', () => {
  it('run one way: an engine folder knows only itself and the leaves', () => {
    const faults = files.flatMap(({ path, own }) => {
      const folder = ENGINE_FOLDERS.find((name) => path.startsWith(`src/${name}/`))
      if (!folder) return []
      const foreign = own.filter((target) => !target.startsWith(`src/${folder}/`) && !LEAVES.includes(target))
      return foreign.map((target) => `${path} imports ${target}`)
    })
    expect(faults).toEqual([])
  })

  it('of the leaves lead to leaves only', () => {
    const faults = files
      .filter(({ path }) => LEAVES.includes(path))
      .flatMap(({ path, own }) =>
        own.filter((target) => !LEAVES.includes(target)).map((target) => `${path} imports ${target}`),
      )
    expect(faults).toEqual([])
  })

  it('of a plugin reach the contract and its own folder, nothing else of ours', () => {
    const faults = files.flatMap(({ path, own }) => {
      const folder = /^plugins\/[^/]+\//.exec(path)?.[0]
      if (!folder) return []
      const foreign = own.filter((target) => target !== 'src/plugin.ts' && !target.startsWith(folder))
      return foreign.map((target) => `${path} imports ${target}`)
    })
    expect(faults).toEqual([])
  })

  it('of plugins/ come only from the two edges: the process and the package', () => {
    const importers = files.filter(
      ({ path, own }) => path.startsWith('src/') && own.some((target) => target.startsWith('plugins/')),
    )
    expect(importers.map(({ path }) => path).sort()).toEqual(['src/main.ts', 'src/turnpike.ts'])
  })

  it('of main.ts do not exist', () => {
    expect(files.filter(({ own }) => own.includes('src/main.ts'))).toEqual([])
  })

  it('of each outer library stay in its one home', () => {
    const faults = files.flatMap(({ path, libraries }) =>
      libraries.flatMap((library) => {
        const known = Object.keys(LIBRARY_HOMES).find((name) => library === name || library.startsWith(name))
        if (!known || LIBRARY_HOMES[known]!.some((home) => path.startsWith(home))) return []
        return [`${path} imports ${library}`]
      }),
    )
    expect(faults).toEqual([])
  })

  it('form no cycle at run time', () => {
    expect(findCycles(files)).toEqual([])
  })
})

describe('files', () => {
  it('start with a line that says what lives there', () => {
    const silent = files.filter(({ text }) => !text.replace(/^#!.*\n/, '').startsWith('// '))
    expect(silent.map(({ path }) => path)).toEqual([])
  })

  it(`have at most ${MAX_FILE_LINES} lines`, () => {
    const long = files.filter(({ text }) => text.split('\n').length - 1 > MAX_FILE_LINES)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  it('are not named for nothing', () => {
    const vague = files.filter(({ path }) => /\/(utils?|helpers?|common|misc|manager|shared)\.ts$/.test(path))
    expect(vague.map(({ path }) => path)).toEqual([])
  })

  it('have no default export', () => {
    expect(files.filter(({ text }) => /^export default/m.test(text)).map(({ path }) => path)).toEqual([])
  })

  it('of the engine name no plugin', () => {
    const names = readdirSync(join(ROOT, 'plugins')).filter((name) => !name.includes('.'))
    const faults = files
      .filter(({ path }) => path.startsWith('src/') && !['src/main.ts', 'src/turnpike.ts'].includes(path))
      .filter(({ text }) => names.some((name) => text.includes(`plugins/${name}/`)))
    expect(faults.map(({ path }) => path)).toEqual([])
  })
})

describe('property tests', () => {
  it('start from the one seed', () => {
    const direct = sourceFiles('test').filter((path) => readSource(path).libraries.includes('fast-check'))
    expect(direct).toEqual(['test/support/property.ts'])
  })
})

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).flatMap((name) => {
    const path = `${folder}/${name}`
    if (statSync(join(ROOT, path)).isDirectory()) return sourceFiles(path)
    return name.endsWith('.ts') ? [path] : []
  })
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const statements = [...text.matchAll(/^(?:import|export)\s([^'"]*?)from\s+'([^']+)'|^import\s+'([^']+)'/gm)]
  const imports = statements.map((match) => ({
    isType: /^type\s/.test(match[1] ?? ''),
    from: match[2] ?? match[3]!,
  }))
  const own = imports.filter(({ from }) => from.startsWith('.'))
  return {
    path,
    text,
    own: own.map(({ from }) => resolveImport(path, from)),
    ownAtRunTime: own.filter(({ isType }) => !isType).map(({ from }) => resolveImport(path, from)),
    libraries: imports
      .map(({ from }) => from)
      .filter((from) => !from.startsWith('.') && !from.startsWith('node:')),
  }
}

function resolveImport(path: string, from: string): string {
  return relative(ROOT, normalize(join(ROOT, dirname(path), from)))
}

function findCycles(all: readonly SourceFile[]): string[] {
  const byPath = new Map(all.map((file) => [file.path, file]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (trail.includes(path) || done.has(path)) return
    for (const target of byPath.get(path)?.ownAtRunTime ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of all) visit(path, [])
  return cycles
}
