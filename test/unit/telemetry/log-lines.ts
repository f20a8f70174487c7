// A log destination that keeps its lines, and can be told to stop taking any, or to fail.
import type { LogDestination } from '../../../src/telemetry/log-sink.ts'

export class LogLines implements LogDestination {
  text = ''
  /** Chunks that were handed over and not yet answered. */
  readonly held: (() => void)[] = []
  blocked = false
  failure: Error | undefined

  write(chunk: string, done: (failure?: Error | null) => void): void {
    const settle = () => {
      if (!this.failure) this.text += chunk
      done(this.failure)
    }
    if (this.blocked) this.held.push(settle)
    else setImmediate(settle)
  }

  writeSync(chunk: string): void {
    this.text += chunk
  }

  release(): void {
    this.blocked = false
    for (const settle of this.held.splice(0)) settle()
  }

  /** Every line, parsed: throws when one is not JSON. */
  get lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
}

/** Long enough for lines of this turn to be handed over and answered. */
export async function turns(count = 4): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
