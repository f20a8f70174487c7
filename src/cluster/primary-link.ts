// The other end of the channel: a worker's way to its primary.
import cluster from 'node:cluster'
import type { FromWorker, ToWorker } from './messages.ts'

export interface PrimaryLink {
  /** Never throws: without a primary the process is about to end. */
  send(message: FromWorker): void
  onMessage(listener: (message: ToWorker) => void): void
  /** Ends the process, as the death of the primary does: a worker alone would serve unwatched. */
  close(): void
}

export const isWorker = cluster.isWorker

/** Signals go to the whole process group: what they mean to a worker, the primary says. */
export function openPrimaryLink(): PrimaryLink {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {})
  return {
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => {})
    },
    onMessage: (listener) => process.on('message', listener),
    close: () => process.disconnect(),
  }
}
