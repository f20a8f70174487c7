// Watches the files of a config: editors that rename, ConfigMaps that swap a symlink, and mounts that tell nothing.
import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '../plugin.ts'
import { type Fingerprint, takeFingerprint } from './fingerprint.ts'

const DEFAULT_DEBOUNCE_MS = 100
/** A directory in which something changes all the time must not put the look at it off for ever. */
const MOST_DEBOUNCES = 5
/** For network mounts and single files mounted into a container, where no event ever comes. */
const DEFAULT_POLL_MS = 5000

export interface WatchOptions {
  readonly logger: Logger
  readonly debounceMs?: number
  readonly pollMs?: number
  /** Called when some content has changed, never twice at once. May return what is to be watched from now on. */
  onChange(): Promise<readonly string[] | undefined>
}

export interface FileWatcher {
  /** Resolves once the state of every file is known: what changes from then on is noticed. */
  readonly ready: Promise<void>
  close(): void
}

/** `paths` are files, which need not exist, or directories, whose names are watched. */
export function watchFiles(paths: readonly string[], options: WatchOptions): FileWatcher {
  return new Watcher(paths, options)
}

class Watcher implements FileWatcher {
  readonly ready: Promise<void>
  readonly #options: WatchOptions
  readonly #poll: NodeJS.Timeout
  #paths: readonly string[]
  #known = new Map<string, Fingerprint>()
  #directories = new Map<string, FSWatcher>()
  #debounce: NodeJS.Timeout | undefined
  /** Monotonic milliseconds of the first event that nobody has looked at yet. */
  #eventAt: number | undefined
  #closed = false
  #checking = false
  #again = false

  constructor(paths: readonly string[], options: WatchOptions) {
    this.#options = options
    this.#paths = paths
    this.#poll = setInterval(() => this.#check(), options.pollMs ?? DEFAULT_POLL_MS).unref()
    this.#checking = true
    this.ready = this.#learn().finally(() => this.#release())
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#poll)
    clearTimeout(this.#debounce)
    for (const watcher of this.#directories.values()) watcher.close()
    this.#directories.clear()
  }

  #soon(): void {
    clearTimeout(this.#debounce)
    if (this.#closed) return
    const debounceMs = this.#options.debounceMs ?? DEFAULT_DEBOUNCE_MS
    this.#eventAt ??= performance.now()
    const leftMs = this.#eventAt + MOST_DEBOUNCES * debounceMs - performance.now()
    this.#debounce = setTimeout(() => this.#check(), Math.max(0, Math.min(debounceMs, leftMs))).unref()
  }

  #check(): void {
    if (this.#closed) return
    this.#eventAt = undefined
    this.#again = this.#checking
    if (this.#checking) return
    this.#checking = true
    this.#checkOnce()
      .catch((error) => this.#options.logger.error({ error }, 'looking for changes of the config failed'))
      .finally(() => this.#release())
  }

  #release(): void {
    this.#checking = false
    if (this.#again) this.#check()
  }

  async #checkOnce(): Promise<void> {
    if (!(await this.#hasChanged()) || this.#closed) return
    const paths = await this.#options.onChange()
    if (paths) this.#paths = paths
    await this.#learn()
  }

  /** Remembers the new state before anybody reads it, so that a change during the reading is one more change. */
  async #hasChanged(): Promise<boolean> {
    let changed = false
    for (const path of this.#paths) {
      const before = this.#known.get(path)
      const now = await takeFingerprint(path, before)
      this.#known.set(path, now)
      changed ||= now.digest !== before?.digest
    }
    return changed
  }

  async #learn(): Promise<void> {
    const known = new Map<string, Fingerprint>()
    const directories = new Set<string>()
    for (const path of this.#paths) {
      known.set(path, this.#known.get(path) ?? (await takeFingerprint(path)))
      for (const directory of await directoriesOf(path)) directories.add(directory)
    }
    this.#known = known
    if (!this.#closed) this.#watchDirectories(directories)
  }

  #watchDirectories(wanted: ReadonlySet<string>): void {
    for (const [directory, watcher] of this.#directories) {
      if (wanted.has(directory)) continue
      watcher.close()
      this.#directories.delete(directory)
    }
    for (const directory of wanted) if (!this.#directories.has(directory)) this.#watchDirectory(directory)
  }

  // The directory and not the file: a file that is replaced takes its watch away with it.
  #watchDirectory(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#soon())
      watcher.on('error', () => this.#forget(directory))
      this.#directories.set(directory, watcher)
    } catch (error) {
      this.#options.logger.debug({ error, directory }, 'this directory can only be polled')
    }
  }

  #forget(directory: string): void {
    this.#directories.get(directory)?.close()
    this.#directories.delete(directory)
  }
}

/** Where an event tells of this path: its directory, itself when it is one, and that behind symbolic links. */
async function directoriesOf(path: string): Promise<readonly string[]> {
  const real = await realpath(path).catch(() => path)
  const isDirectory = await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  )
  return [dirname(path), dirname(real), ...(isDirectory ? [path] : [])]
}
