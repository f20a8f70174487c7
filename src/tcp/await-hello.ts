// Waits for a whole ClientHello on a connection and puts its bytes back: the target reads them again.
import type { Socket } from 'node:net'
import type { Clock } from '../plugin.ts'
import { type Hello, readClientHello } from './client-hello.ts'

export type HelloOutcome =
  | Exclude<Hello, { readonly kind: 'incomplete' }>
  | { readonly kind: 'late' }
  /** The client went away, or ended what it sends, before the hello was whole. */
  | { readonly kind: 'gone' }

export function awaitClientHello(
  socket: Socket,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<HelloOutcome> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0)
    const timer = clock.after(timeoutMs, () => settle({ kind: 'late' }))
    const gone = () => settle({ kind: 'gone' })
    const settle = (outcome: HelloOutcome) => {
      timer.cancel()
      socket.off('data', onData).off('end', gone).off('close', gone).pause()
      resolve(outcome)
    }
    // Bounded by the parser: what is longer than any hello is invalid, no longer incomplete.
    const onData = (chunk: Buffer) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const hello = readClientHello(held)
      if (hello.kind === 'incomplete') return
      settle(hello)
      socket.unshift(held)
    }
    socket.on('data', onData).once('end', gone).once('close', gone).resume()
  })
}
