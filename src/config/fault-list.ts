// All faults of one load: none is told twice, and none that only follows from another.
import type { ConfigFault, Path } from './fault.ts'

export class FaultList {
  readonly faults: ConfigFault[] = []
  readonly warnings: ConfigFault[] = []
  readonly #broken = new Set<string>()

  /** A fault that leaves no value: whatever else is found there follows from it. */
  addBroken(fault: ConfigFault): void {
    this.add(fault)
    if (fault.path.length > 0) this.#broken.add(keyOf(fault.path))
  }

  add(fault: ConfigFault): void {
    if (!this.isBroken(fault.path)) this.faults.push(fault)
  }

  warn(warning: ConfigFault): void {
    this.warnings.push(warning)
  }

  /** True when there is no value at `path` because of a fault there or above. */
  isBroken(path: Path): boolean {
    if (this.#broken.size === 0) return false
    return path.some((_, at) => this.#broken.has(keyOf(path.slice(0, at + 1))))
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path)
}
