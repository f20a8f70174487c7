// Standard output as a log destination that cannot hold up the event loop or the end of the process.
import { fstatSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { LogDestination } from './log-sink.ts'

/**
 * process.stdout writes to a pipe synchronously: a reader that stops would stop every request. A write on the
 * thread pool (what pino's own destination does) hangs there for ever, and the process cannot exit. So a pipe
 * or socket is written without blocking from the event loop; only files and terminals use the thread pool.
 */
export function openStdout(fd = 1): LogDestination {
  const kind = fstatSync(fd)
  return kind.isFIFO() || kind.isSocket() ? pipe(fd) : file(fd)
}

function pipe(fd: number): LogDestination {
  const socket = new Socket({ fd, readable: false, writable: true })
  // Each write reports its own failure; without a listener EPIPE would end the process.
  socket.on('error', () => {})
  socket.unref()
  return {
    write: (chunk, done) => socket.write(chunk, 'latin1', done),
    writeSync: (chunk) => writeAllSync(fd, chunk),
  }
}

function file(fd: number): LogDestination {
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
