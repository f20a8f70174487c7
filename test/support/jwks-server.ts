// A real HTTP server that publishes a JWK set, well or in any of the ways in which issuers fail.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type JwksAnswer =
  | { readonly kind: 'keys'; readonly text: string }
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The text and then this many spaces, without a declared length: good JSON, but far too much. */
  | { readonly kind: 'padded'; readonly text: string; readonly bytes: number }
  /** The head and nothing more. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'reset' }

export interface JwksServer {
  /** Ends in `/jwks.json`. */
  readonly url: string
  /** What it answers from now on. */
  answer: JwksAnswer
  /** Every path that was asked for. */
  readonly requests: string[]
  close(): Promise<void>
}

const PATH = '/jwks.json'

export async function startJwksServer(answer: JwksAnswer): Promise<JwksServer> {
  const requests: string[] = []
  const http = createServer((request, response) => {
    requests.push(request.url ?? '')
    reply(server.answer, response)
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const close = async (): Promise<void> => {
    http.closeAllConnections()
    await new Promise<void>((resolve) => http.close(() => resolve()))
  }
  const server: JwksServer = { url: `http://127.0.0.1:${port}${PATH}`, answer, requests, close }
  return server
}

function reply(answer: JwksAnswer, response: ServerResponse): void {
  if (answer.kind === 'silent') return
  if (answer.kind === 'reset') return void response.socket?.resetAndDestroy()
  if (answer.kind === 'status') return void response.writeHead(answer.status, { ...answer.headers }).end('{}')
  response.writeHead(200, { 'content-type': 'application/json' })
  if (answer.kind === 'keys') response.end(answer.text)
  else if (answer.kind === 'stalled') response.write('{"keys":[')
  else pour(answer, response)
}

function pour({ text, bytes }: Extract<JwksAnswer, { kind: 'padded' }>, response: ServerResponse): void {
  response.write(text)
  const chunk = Buffer.alloc(64 * 1024, ' ')
  let left = bytes
  const more = (): void => {
    while (left > 0) {
      left -= chunk.length
      if (!response.write(chunk)) return void response.once('drain', more)
    }
    response.end()
  }
  more()
}
