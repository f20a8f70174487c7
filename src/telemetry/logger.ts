// The logger that everybody is given: pino's levels and format, our redaction and our bounded sink.
import { pino } from 'pino'
import type { Clock, Logger } from '../plugin.ts'
import { asciiJson } from './json-text.ts'
import type { LogSink } from './log-sink.ts'
import { safeFacts, safeText } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

type WrittenLevel = Exclude<LogLevel, 'silent'>

export interface LoggerParts {
  readonly clock: Clock
  readonly sink: LogSink
  /** In every line. */
  readonly facts: object | null
}

export function createLogger(level: LogLevel, { clock, sink, facts }: LoggerParts): Logger {
  const lines = pino(
    {
      level,
      base: facts,
      timestamp: () => `,"time":"${new Date(clock.epochMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(asciiJson(line)) },
  )
  const writer = (at: WrittenLevel) => (facts: object, message: string) => {
    if (lines.isLevelEnabled(at)) lines[at](safeFacts(facts), '%s', safeText(message))
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}
