// A service that does what the path says: answers in a framing, breaks off at a byte, or goes while it is sent to.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Framing = 'length' | 'chunked' | 'chunked, close' | 'until closed'
export type Ending = 'fin' | 'reset'

export interface AnswerPlan {
  readonly framing: Framing
  readonly size: number
  /** Bytes of head and body after which the connection ends; undefined: all of them, and it stays. */
  readonly cutAt?: number
  readonly ending: Ending
}

export interface BreakingTarget {
  readonly url: string
  /** Requests that have begun and have neither been answered nor been given up. */
  running(): number
  close(): Promise<void>
}

const CHUNK = 1000

export const bodyOf = (size: number): string => 'abcdefghij'.repeat(Math.ceil(size / 10)).slice(0, size)

/** The answer as it would be if nothing broke. */
export function answerBytes({ framing, size }: AnswerPlan): string {
  const body = bodyOf(size)
  if (framing === 'length') return `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${body}`
  if (framing === 'until closed') return `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`
  const chunks = body.match(new RegExp(`.{1,${CHUNK}}`, 'g')) ?? []
  const coded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
  const close = framing === 'chunked' ? '' : 'Connection: close\r\n'
  return `HTTP/1.1 200 OK\r\n${close}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\n\r\n`
}

export const answerPath = (plan: AnswerPlan): string => `/answer?${encodeURIComponent(JSON.stringify(plan))}`

/** Goes away once it has read so many bytes of the request's body. */
export const readPath = (bytes: number, ending: Ending): string => `/read?bytes=${bytes}&ending=${ending}`

export async function startBreakingTarget(): Promise<BreakingTarget> {
  const running = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    running.add(response)
    response.on('close', () => running.delete(response))
    const [path, query = ''] = request.url!.split('?')
    if (path!.endsWith('/read')) readAndGo(request, new URLSearchParams(query))
    else answerWhenRead(request, response, JSON.parse(decodeURIComponent(query)) as AnswerPlan)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    running: () => running.size,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
}

function answerWhenRead(request: IncomingMessage, response: ServerResponse, plan: AnswerPlan): void {
  request.resume().on('end', () => {
    if (plan.cutAt === undefined && !plan.framing.includes('close')) {
      const framing = plan.framing === 'length' ? ['Content-Length', String(plan.size)] : []
      response.writeHead(200, framing).end(bodyOf(plan.size))
      return
    }
    const bytes = answerBytes(plan)
    request.socket.write(bytes.slice(0, plan.cutAt), () => end(request.socket, plan.ending))
  })
}

function readAndGo(request: IncomingMessage, query: URLSearchParams): void {
  let left = Number(query.get('bytes'))
  const go = () => end(request.socket, query.get('ending') as Ending)
  if (left === 0) go()
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left <= 0) go()
  })
}

export function end(socket: Socket, ending: Ending): void {
  if (socket.writableEnded) return
  if (ending === 'reset') socket.resetAndDestroy()
  else socket.destroySoon()
}
