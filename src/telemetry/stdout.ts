// Standard output as a log destination that cannot hold up the event loop or the end of the process.
import { fstatSync, write, writeSync } from 'node:fs'
import type { LogDestination } from './log-sink.ts'

const STDOUT = 1

/**
 * A pipe or socket that nobody reads is waited for by the event loop: a write on the thread pool, as pino's own
 * destination makes it, hangs there for ever, and then the process cannot exit (measured with Node 24.21). For
 * files and terminals it is the other way round: there the event loop would write synchronously.
 */
export function openStdout(): LogDestination {
  const kind = fstatSync(STDOUT)
  return kind.isFIFO() || kind.isSocket() ? pipeDestination(process.stdout) : fileDestination(STDOUT)
}

function pipeDestination(stream: NodeJS.WriteStream): LogDestination {
  // Each write reports its own failure; without a listener EPIPE would end the process.
  stream.on('error', () => {})
  return {
    write: (chunk, done) => stream.write(chunk, 'latin1', done),
    writeSync: (chunk) => writeAllSync(STDOUT, chunk),
  }
}

export function fileDestination(fd: number): LogDestination {
  return {
    write: (chunk, done) => writeAll(fd, Buffer.from(chunk, 'latin1'), done),
    writeSync: (chunk) => writeAllSync(fd, chunk),
  }
}

/** A disk that fills up takes a part and then refuses. */
function writeAll(fd: number, bytes: Buffer, done: (failure?: Error | null) => void): void {
  write(fd, bytes, 0, bytes.length, null, (failure, written) => {
    if (failure || written === bytes.length) done(failure)
    else writeAll(fd, bytes.subarray(written), done)
  })
}

function writeAllSync(fd: number, chunk: string): void {
  let bytes = Buffer.from(chunk, 'latin1')
  while (bytes.length > 0) bytes = bytes.subarray(writeSync(fd, bytes))
}
