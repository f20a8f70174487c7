// A logger that keeps what it is told.
import type { Logger } from '../../../src/plugin.ts'

export interface CapturedLine {
  readonly level: string
  readonly facts: object
  readonly message: string
}

export function capturedLog(): { readonly logger: Logger; readonly lines: CapturedLine[] } {
  const lines: CapturedLine[] = []
  const writer = (level: string) => (facts: object, message: string) => {
    lines.push({ level, facts, message })
  }
  const logger = {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  }
  return { logger, lines }
}
