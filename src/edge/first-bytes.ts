// The first bytes of a connection, read before anybody knows what is spoken on it.
import type { Socket } from 'node:net'
import type { Clock } from '../plugin.ts'

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

/**
 * Calls `done` with the judgement; whoever reads next finds the bytes behind it. A client that says too little in its
 * time, or goes away, is cut off, and `done` never called.
 */
export function takeFirstBytes<T>(
  socket: Socket,
  { judge, done }: { readonly judge: Judge<T>; done(value: T): void },
  { clock, timeoutMs }: Patience,
): void {
  let held: Buffer = Buffer.alloc(0)
  const leave = () => {
    timer.cancel()
    socket.off('readable', read).off('end', giveUp).off('error', giveUp).off('close', leave)
  }
  const giveUp = () => {
    leave()
    // A reset that is still to come must not end the process.
    socket.on('error', () => {}).destroy()
  }
  const timer = clock.after(timeoutMs, giveUp)
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
  socket.on('readable', read).on('end', giveUp).on('error', giveUp).on('close', leave)
}
