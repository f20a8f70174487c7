// Names of services and routes: they are parts of ids in logs, metrics and paths of the admin API.
import type { Path } from './fault.ts'
import type { LoadState } from './load-state.ts'

export const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/

/** Tells a fault when the last part of `path` is not a name. */
export function checkName(path: Path, state: LoadState): void {
  const name = String(path.at(-1))
  if (NAME.test(name)) return
  const message = `${JSON.stringify(name)} is not a name`
  const hint = 'up to 64 letters, digits, "-" and "_", the first a letter or digit'
  state.list.add({ path, message, hint, atKey: true, whole: true })
}
