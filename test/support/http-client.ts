// A client that hides nothing: status, headers as sent, body bytes; and one that writes raw bytes.
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'

export interface ClientResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly trailers: IncomingHttpHeaders
  readonly body: string
  /** The body as JSON; throws when it is none. */
  json(): Record<string, unknown>
}

export interface ClientRequest {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
  readonly agent?: Agent
  readonly signal?: AbortSignal
}

/** Rejects when the connection breaks before the whole answer is there. */
export function send(url: string, options: ClientRequest = {}): Promise<ClientResponse> {
  const { method = 'GET', headers = {}, body, agent, signal } = options
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      headers,
      agent: agent ?? new Agent({ keepAlive: false }),
      ...(signal ? { signal } : {}),
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1')
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          trailers: response.trailers,
          body: text,
          json: () => JSON.parse(Buffer.from(text, 'latin1').toString()),
        })
      })
    })
    outgoing.end(body)
  })
}

/** Writes the bytes and resolves with everything that comes back until the other side ends the connection. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') reject(error)
    })
    socket.on('close', () => resolve(received))
  })
}
