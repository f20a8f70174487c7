// A target that answers one request as it is told, and every other one cleanly.
import type { Socket } from 'node:net'
import { startRawTarget } from '../../support/target-server.ts'

/** Takes a connection on which a request has arrived, and the request as it came. */
export type Script = (socket: Socket, request: string) => void

export interface ScriptedTarget {
  readonly url: string
  /** Heads of requests so far, with what came of their bodies in the same packets. */
  readonly requests: string[]
  /** Connections so far, closed ones too. */
  readonly accepted: Socket[]
  /** For the next request alone. */
  next(script: Script): void
  close(): Promise<void>
}

const CLEAN = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nclean'

export async function startScriptedTarget(): Promise<ScriptedTarget> {
  const requests: string[] = []
  const accepted: Socket[] = []
  let script: Script | undefined
  const target = await startRawTarget((socket) => {
    accepted.push(socket)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      const request = text
      text = ''
      requests.push(request)
      const told = script
      script = undefined
      if (told) told(socket, request)
      else socket.write(CLEAN)
    })
  })
  return {
    url: target.url,
    requests,
    accepted,
    next(told) {
      script = told
    },
    close: target.close,
  }
}
