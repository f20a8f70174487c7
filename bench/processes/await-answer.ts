// Waits for the first correct answer of a process that was just started.
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ResponseReader } from '../load/response-reader.ts'
import { type Child, childFailure } from './child.ts'

const READY_WITHIN_MS = 30_000
const POLL_MS = 2
const ANSWER_WITHIN_MS = 1000

export interface Asked {
  readonly port: number
  readonly request: string
  readonly expectedStatus: number
}

/** Rejects when the process ends first, or answers nothing right for half a minute. */
export async function awaitAnswer(child: Child, asked: Asked): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  let last = 'no connection'
  while (performance.now() < deadline) {
    if (child.hasEnded()) throw childFailure(child, 'ended while it was started')
    const status = await ask(asked)
    if (status === asked.expectedStatus) return
    last = status === undefined ? 'no answer' : `the answer ${status}`
    await sleep(POLL_MS)
  }
  throw childFailure(child, `not ready within ${READY_WITHIN_MS} ms, only ${last}`)
}

/** The status, or undefined when there was no answer. */
function ask({ port, request }: Asked): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request, 'latin1'))
  const reader = new ResponseReader((status) => resolve(status))
  socket.setTimeout(ANSWER_WITHIN_MS, () => resolve(undefined))
  socket.on('data', (chunk) => {
    try {
      reader.push(chunk, chunk.length)
    } catch {
      resolve(undefined)
    }
  })
  socket.on('error', () => resolve(undefined))
  socket.on('close', () => resolve(undefined))
  return promise.finally(() => socket.destroy())
}
