// Waits for a whole ClientHello on a connection; its bytes stay there, for the target to read.
import type { Socket } from 'node:net'
import { type Patience, takeFirstBytes } from '../first-bytes.ts'
import { type Hello, readClientHello } from './client-hello.ts'

type WholeHello = Exclude<Hello, { readonly kind: 'incomplete' }>

export type HelloOutcome = WholeHello | { readonly kind: 'late' } | { readonly kind: 'gone' }

export function awaitClientHello(socket: Socket, patience: Patience): Promise<HelloOutcome> {
  return new Promise((resolve) => {
    takeFirstBytes<WholeHello>(
      socket,
      { judge, done: resolve, failed: (kind) => resolve({ kind }) },
      patience,
    )
  })
}

function judge(bytes: Buffer) {
  const value = readClientHello(bytes)
  return value.kind === 'incomplete' ? undefined : { value, length: 0 }
}
