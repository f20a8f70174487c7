import { describe, expect, it } from 'vitest'
import { LogSink } from '../../../src/telemetry/log-sink.ts'
import { createLogger, type LogLevel } from '../../../src/telemetry/logger.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LogLines } from './log-lines.ts'

function start(level: LogLevel) {
  const lines = new LogLines()
  const sink = new LogSink(lines)
  return { logger: createLogger(level, { clock: new FakeClock(), sink, facts: null }), lines, sink }
}

describe('the logger', () => {
  it('writes one JSON object per line with the level as a word and the time in ISO form', async () => {
    const { logger, lines, sink } = start('debug')
    logger.debug({}, 'one')
    logger.info({ route: 'orders.read' }, 'two')
    logger.warn({}, 'three')
    logger.error({ error: new Error('no') }, 'four')
    await sink.drained()
    expect(lines.lines).toMatchObject([
      { level: 'debug', msg: 'one' },
      { level: 'info', time: '2026-01-01T00:00:00.000Z', route: 'orders.read', msg: 'two' },
      { level: 'warn', msg: 'three' },
      { level: 'error', error: { message: 'no' }, msg: 'four' },
    ])
  })

  it('leaves out what is below its level', async () => {
    const { logger, lines, sink } = start('warn')
    logger.info({}, 'no')
    logger.warn({}, 'yes')
    await sink.drained()
    expect(lines.lines.map(({ msg }) => msg)).toEqual(['yes'])
    const silent = start('silent')
    silent.logger.error({}, 'no')
    expect(silent.lines.text).toBe('')
  })

  it('writes printable ASCII, whatever the facts and the message say', async () => {
    const { logger, lines, sink } = start('info')
    const text = 'a\r\nb\x1b[2J\u2028\u202e"\\\ud800 %s %d'
    logger.info({ text, [text]: 1 }, text)
    await sink.drained()
    expect(lines.text.trimEnd()).toMatch(/^[\x20-\x7e]*$/)
    expect(lines.lines).toMatchObject([{ text, msg: text }])
  })

  it('redacts facts and message', async () => {
    const { logger, lines, sink } = start('info')
    logger.info({ headers: { cookie: 'canary-1' } }, 'failed with Bearer canary-2 at /x?canary-3')
    await sink.drained()
    expect(lines.text).toContain('[redacted]')
    expect(lines.text).not.toContain('canary')
  })
})
