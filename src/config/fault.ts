// A fault in a config file: what is wrong, at which config path, and what to do about it.

export type Path = readonly (string | number)[]

export interface Position {
  /** As the user would type it. */
  readonly file: string
  /** Counted from 1; a module (.ts, .js) has none. */
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** The source line. */
  readonly text?: string | undefined
}

export interface ConfigFault {
  /** In the whole config: `['services', 'orders', 'targets', 0]`. */
  readonly path: Path
  /** Without the path, which is printed before it, unless `whole`. */
  readonly message: string
  /** The fix, printed beside the caret. */
  readonly hint?: string | undefined
  /** Points at the key and not at its value. */
  readonly atKey?: boolean | undefined
  /** The message says the place itself: `unknown key "x" in services.orders`. */
  readonly whole?: boolean | undefined
  /** Told, but no reason to refuse the config. */
  readonly isWarning?: boolean | undefined
  /** Looked up from `path` where it is left out. */
  readonly position?: Position | undefined
}

const PLAIN_KEY = /^[\w-]+$/

/** `services.orders.targets[0]`. */
export function dotted(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (PLAIN_KEY.test(key)) text += text === '' ? key : `.${key}`
    else text += `[${JSON.stringify(key)}]`
  }
  return text
}

/** The fault as one sentence, with its place. */
export function sentence(fault: ConfigFault): string {
  return fault.whole || fault.path.length === 0 ? fault.message : `${dotted(fault.path)}: ${fault.message}`
}

export function unknownKey(path: Path, hint: string | undefined): ConfigFault {
  const parent = dotted(path.slice(0, -1))
  const message = `unknown key ${JSON.stringify(path.at(-1))}${parent === '' ? '' : ` in ${parent}`}`
  return { path, message, hint, atKey: true, whole: true }
}

export function missingKey(path: Path, hint?: string): ConfigFault {
  const place = dotted(path.slice(0, -1)) || 'the config'
  return { path, message: `${place} needs ${JSON.stringify(path.at(-1))}`, hint, atKey: true, whole: true }
}
