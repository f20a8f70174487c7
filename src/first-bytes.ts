// The first bytes of a connection, read before anybody knows what is spoken on it.
import type { Socket } from 'node:net'
import type { Clock } from './plugin.ts'

/** What the bytes say, and how many of them are read for good. */
export interface Judgement<T> {
  readonly value: T
  readonly length: number
}

/** Undefined while more bytes are needed; it bounds them itself. */
export type Judge<T> = (bytes: Buffer) => Judgement<T> | undefined

export interface Patience {
  readonly clock: Clock
  readonly timeoutMs: number
}

export interface FirstBytes<T> {
  readonly judge: Judge<T>
  /** Whoever reads next finds the bytes behind those that the judgement has taken. */
  done(value: T): void
  /** The client said too little in its time, or went away. Left out: the connection is closed. */
  failed?(why: 'late' | 'gone'): void
}

/** Calls one of `done` and `failed`, once. */
export function takeFirstBytes<T>(
  socket: Socket,
  { judge, done, failed }: FirstBytes<T>,
  { clock, timeoutMs }: Patience,
): void {
  let held: Buffer = Buffer.alloc(0)
  const leave = () => {
    timer.cancel()
    socket.off('readable', read).off('end', gone).off('error', gone).off('close', gone)
  }
  const giveUp = (why: 'late' | 'gone') => {
    leave()
    // A reset that is still to come must not end the process.
    socket.on('error', () => {})
    if (failed) failed(why)
    else socket.destroy()
  }
  const gone = () => giveUp('gone')
  const timer = clock.after(timeoutMs, () => giveUp('late'))
  // `readable` and not `data`: when its last listener is gone, the stream is again as if nobody had ever read from it.
  const read = () => {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) return
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const judgement = judge(held)
    if (judgement === undefined) return
    leave()
    if (judgement.length < held.length) socket.unshift(held.subarray(judgement.length))
    done(judgement.value)
  }
  socket.on('readable', read).on('end', gone).on('error', gone).on('close', gone)
}
