// The last step for faults: each at its position, in the order of the files, without secrets.
import type { ConfigFault, Position } from './fault.ts'
import type { LoadState } from './load-state.ts'

export function locateFaults(faults: readonly ConfigFault[], state: LoadState): readonly ConfigFault[] {
  const seen = new Set<string>()
  const located: ConfigFault[] = []
  for (const fault of faults) {
    const { message, hint } = fault
    const position = fault.position ?? locate(fault, state)
    // Aliased values are found at many paths and written at one place; a module has no place but the path.
    const place = position.line === undefined ? fault.path : [position.line, position.column]
    const identity = JSON.stringify([position.file, place, message])
    if (seen.has(identity)) continue
    seen.add(identity)
    const { secrets } = state
    located.push({ ...fault, position, message: secrets.redact(message), hint: hint && secrets.redact(hint) })
  }
  return located.sort((a, b) => compare(a.position, b.position, state.file))
}

function locate({ path, atKey }: ConfigFault, { places, root, rootSource }: LoadState): Position {
  const position = places.position(root, path, atKey ?? false)
  if (position) return position
  return rootSource.text === undefined || path.length > 0 ? { file: rootSource.file } : rootSource.position(0)
}

function compare(a: Position | undefined, b: Position | undefined, rootFile: string): number {
  if (!a || !b) return 0
  if (a.file !== b.file) return rank(a.file, rootFile) - rank(b.file, rootFile) || (a.file < b.file ? -1 : 1)
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}

function rank(file: string, rootFile: string): number {
  return file === rootFile ? 0 : 1
}
