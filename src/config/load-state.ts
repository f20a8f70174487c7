// What one load of a config knows so far.
import { dirname, relative, resolve } from 'node:path'
import { Pace } from '../pace.ts'
import type { LoadOptions } from './configuration.ts'
import { FaultList } from './fault-list.ts'
import { FileCopies } from './file-copies.ts'
import { type ConfigMap, createMap, Places } from './places.ts'
import { Secrets } from './secrets.ts'
import { Source } from './source.ts'
import type { Untyped } from './substitute.ts'

export class LoadState {
  /** As a user would type it. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  readonly options: LoadOptions
  readonly places = new Places()
  readonly pace = new Pace()
  readonly list = new FaultList()
  readonly secrets = new Secrets()
  readonly untyped: Untyped = new Map()
  readonly copies: FileCopies
  /** Everything to be watched. */
  readonly files = new Set<string>()
  /** Digests of files that are a part of the config's meaning, by the config path that names them. */
  readonly contents: Record<string, string> = {}
  /** The root file with the services of all included ones. */
  root: ConfigMap = createMap()
  #rootSource: Source | undefined

  constructor(file: string, options: LoadOptions) {
    this.path = resolve(file)
    this.file = shortest(this.path)
    this.options = options
    this.copies = new FileCopies(options.copies)
    this.files.add(this.path)
  }

  get directory(): string {
    return dirname(this.path)
  }

  get rootSource(): Source {
    return this.#rootSource ?? new Source(this.file, this.path)
  }

  set rootSource(source: Source) {
    this.#rootSource = source
  }
}

function shortest(path: string): string {
  const way = relative(process.cwd(), path)
  return way.startsWith('..') || way === '' ? path : way
}
