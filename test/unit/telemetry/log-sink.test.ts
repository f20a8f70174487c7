import { describe, expect, it } from 'vitest'
import { LogSink } from '../../../src/telemetry/log-sink.ts'
import { LogLines, turns } from './log-lines.ts'

describe('the log sink', () => {
  it('joins the lines of one turn into one write, in order', async () => {
    const chunks: string[] = []
    const write = (chunk: string, done: () => void) => {
      chunks.push(chunk)
      done()
    }
    const sink = new LogSink({ write })
    sink.write('1\n')
    sink.write('2\n')
    expect(chunks).toEqual([])
    await sink.drained()
    sink.write('3\n')
    await sink.drained()
    expect(chunks).toEqual(['1\n2\n', '3\n'])
  })

  it('keeps one write under way and a bounded rest, and counts what does not fit', async () => {
    const lines = new LogLines()
    lines.blocked = true
    const sink = new LogSink(lines, 100)
    for (let line = 0; line < 1000; line++) {
      sink.write(`${String(line).padStart(9, '0')}\n`)
      if (line === 4) await turns()
    }
    expect(lines.held).toHaveLength(1)
    expect(sink.dropped).toBe(1000 - 5 - 10)
    lines.release()
    await sink.drained()
    expect(lines.text.split('\n')).toHaveLength(16)
    expect(lines.text).toContain('000000014\n')
  })

  it('says how much was lost as soon as lines get through again, once', async () => {
    const lines = new LogLines()
    lines.blocked = true
    const sink = new LogSink(lines, 10)
    const losses: number[] = []
    sink.onRecovery = (lost) => losses.push(lost)
    for (let line = 0; line < 8; line++) sink.write('12345678\n')
    await turns()
    expect(losses).toEqual([])
    lines.release()
    sink.write('12345678\n')
    await sink.drained()
    expect(losses).toEqual([7])
  })

  it('counts the lines of a write that fails, and starts the next one on a line of its own', async () => {
    const lines = new LogLines()
    lines.failure = new Error('ENOSPC')
    const sink = new LogSink(lines)
    sink.write('lost\n')
    sink.write('lost too\n')
    await sink.drained()
    expect(sink.dropped).toBe(2)
    lines.failure = undefined
    sink.write('kept\n')
    await sink.drained()
    expect(lines.text).toBe('\nkept\n')
    expect(sink.dropped).toBe(2)
  })

  it('survives a destination that throws', async () => {
    const sink = new LogSink({
      write: () => {
        throw new Error('closed')
      },
    })
    sink.write('lost\n')
    await sink.drained()
    expect(sink.dropped).toBe(1)
  })

  it('ignores a destination that answers twice', async () => {
    const answers: (() => void)[] = []
    const sink = new LogSink({ write: (_, done) => answers.push(done) })
    sink.write('1\n')
    await turns()
    answers[0]!()
    answers[0]!()
    await sink.drained()
    expect(sink.dropped).toBe(0)
  })

  it('settles a drain at once when there is nothing to write', async () => {
    await expect(new LogSink(new LogLines()).drained()).resolves.toBeUndefined()
  })

  it('flushes what waits without waiting, for a process that ends', () => {
    const lines = new LogLines()
    const sink = new LogSink(lines)
    sink.write('last words\n')
    sink.flushSync()
    sink.flushSync()
    expect(lines.text).toBe('last words\n')
  })

  it('does not flush past a write that hangs', async () => {
    const lines = new LogLines()
    lines.blocked = true
    const sink = new LogSink(lines)
    sink.write('hanging\n')
    await turns()
    sink.write('waiting\n')
    sink.flushSync()
    expect(lines.text).toBe('')
  })

  it('counts what a last flush cannot write', () => {
    const sink = new LogSink({
      write: () => {},
      writeSync: () => {
        throw new Error('EAGAIN')
      },
    })
    sink.write('lost\n')
    sink.flushSync()
    expect(sink.dropped).toBe(1)
  })
})
