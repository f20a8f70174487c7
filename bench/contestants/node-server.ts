// Node's HTTP server and nothing around it: answers by itself, or forwards through an undici pool when given a target.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { SMALL_JSON } from '../backend/payloads.ts'

const [port = '0', target] = process.argv.slice(2)

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  readonly #body: Buffer[] = []
  #status = 0
  #headers: string[] = []

  constructor(response: ServerResponse) {
    this.#response = response
  }

  // undici refuses a handler without it.
  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
    const raw = controller.rawHeaders as Buffer[]
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at]!.toString('latin1')
      if (name.toLowerCase() !== 'connection') this.#headers.push(name, raw[at + 1]!.toString('latin1'))
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.push(chunk)
  }

  onResponseEnd(): void {
    this.#response.writeHead(this.#status, this.#headers)
    this.#response.end(Buffer.concat(this.#body).toString('latin1'), 'latin1')
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}

function forwardTo(origin: string) {
  const pool = new Pool(origin, { connections: 128, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  return ({ method, url, rawHeaders }: IncomingMessage, response: ServerResponse) => {
    const options = { method: method as Dispatcher.HttpMethod, path: url ?? '/', headers: rawHeaders }
    pool.dispatch(options, new Forwarding(response))
  }
}

function answer(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(SMALL_JSON.length)])
  response.end(SMALL_JSON, 'latin1')
}

createServer(target === undefined ? answer : forwardTo(target)).listen({
  port: Number(port),
  host: '127.0.0.1',
  backlog: 4096,
})
