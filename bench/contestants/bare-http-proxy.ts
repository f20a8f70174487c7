// The bare library as a contestant.
import { fileURLToPath } from 'node:url'
import { requestHead } from '../load/request-bytes.ts'
import type { Contestant } from './contestant.ts'

export const bareHttpProxy: Contestant = {
  name: 'http-proxy',
  launch: ({ port, backendPort }) => {
    const script = fileURLToPath(new URL('./http-proxy.ts', import.meta.url))
    return { program: process.execPath, args: [script, String(port), `http://127.0.0.1:${backendPort}`] }
  },
  requests: (shape) => [requestHead(shape)],
}
