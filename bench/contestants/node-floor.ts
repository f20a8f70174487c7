// What nobody who stands on Node can get below: its HTTP server alone, and the same with undici behind it.
import { fileURLToPath } from 'node:url'
import { requestHead } from '../load/request-bytes.ts'
import type { Contestant } from './contestant.ts'

/** Answers by itself, asking nobody. */
export const nodeAlone = floor('node alone', () => [])

/** Forwards, and does nothing else: no rule about headers, no limit of time, no errors. */
export const nodeUndici = floor('node + undici', (backendPort) => [`http://127.0.0.1:${backendPort}`])

function floor(name: string, target: (backendPort: number) => readonly string[]): Contestant {
  return {
    name,
    launch: ({ port, backendPort }) => {
      const script = fileURLToPath(new URL('./node-server.ts', import.meta.url))
      return { program: process.execPath, args: [script, String(port), ...target(backendPort)] }
    },
    requests: (shape) => [requestHead(shape)],
  }
}
