// Faults inside one value, placed in the whole config.
import { type ConfigFault, missingKey, type Path, unknownKey } from './fault.ts'
import type { LoadState } from './load-state.ts'
import type { Finding } from './zod-faults.ts'

export function addFindings(findings: readonly Finding[], base: Path, state: LoadState): void {
  for (const finding of findings) state.list.add(placed(finding, [...base, ...finding.path]))
}

function placed({ kind, message, hint }: Finding, path: Path): ConfigFault {
  if (kind === 'unknownKey') return unknownKey(path, hint)
  if (kind === 'missingKey') return missingKey(path, hint)
  return { path, message, hint, atKey: kind === 'key' }
}
