// A logger and a meter that remember what they were told.
import type { Counter, Labels, Logger, Meter } from '../../../src/plugin.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly facts: object
  readonly message: string
}

export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = []

  debug(facts: object, message: string): void {
    this.lines.push({ level: 'debug', facts, message })
  }

  info(facts: object, message: string): void {
    this.lines.push({ level: 'info', facts, message })
  }

  warn(facts: object, message: string): void {
    this.lines.push({ level: 'warn', facts, message })
  }

  error(facts: object, message: string): void {
    this.lines.push({ level: 'error', facts, message })
  }
}

export class RecordingMeter implements Meter {
  readonly #counts = new Map<string, number>()
  readonly #gauges = new Map<string, () => number>()

  counter(name: string, _description: string, labels: Labels = {}): Counter {
    const key = nameOf(name, labels)
    return { add: (amount = 1) => void this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount) }
  }

  gauge(name: string, _description: string, read: () => number, labels: Labels = {}): void {
    this.#gauges.set(nameOf(name, labels), read)
  }

  count(name: string, labels: Labels = {}): number {
    return this.#counts.get(nameOf(name, labels)) ?? 0
  }

  read(name: string, labels: Labels = {}): number | undefined {
    return this.#gauges.get(nameOf(name, labels))?.()
  }
}

function nameOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}
