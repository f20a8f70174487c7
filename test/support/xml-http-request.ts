// As much of a browser's XMLHttpRequest as the client of gRPC-Web asks for, on real connections.
import { type ClientRequest, type IncomingMessage, request } from 'node:http'

const [OPENED, HEADERS_RECEIVED, LOADING, DONE] = [1, 2, 3, 4]

export class NodeXmlHttpRequest {
  readyState = 0
  responseType: '' | 'arraybuffer' = ''
  withCredentials = false
  onreadystatechange: (() => void) | null = null
  #request: ClientRequest | undefined
  #answer: IncomingMessage | undefined
  #received = ''

  open(method: string, url: string): void {
    this.#request = request(url, { method, agent: false })
    this.#request.on('error', () => this.#goTo(DONE))
    this.#request.on('response', (answer) => this.#take(answer))
    this.#goTo(OPENED)
  }

  setRequestHeader(name: string, value: string): void {
    this.#request!.setHeader(name, value)
  }

  send(body: string | Uint8Array): void {
    this.#request!.end(body)
  }

  abort(): void {
    this.onreadystatechange = null
    this.#request!.destroy()
  }

  get status(): number {
    return this.#answer?.statusCode ?? 0
  }

  get statusText(): string {
    return this.#answer?.statusMessage ?? ''
  }

  /** All of it so far. */
  get responseText(): string {
    return this.#received
  }

  get response(): string | ArrayBuffer | null {
    if (this.responseType === '') return this.responseText
    return this.readyState === DONE ? new Uint8Array(Buffer.from(this.#received, 'latin1')).buffer : null
  }

  getResponseHeader(name: string): string | null {
    return this.#answer?.headers[name.toLowerCase()]?.toString() ?? null
  }

  getAllResponseHeaders(): string {
    const fields = Object.entries(this.#answer?.headers ?? {})
    return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  }

  #take(answer: IncomingMessage): void {
    this.#answer = answer
    this.#goTo(HEADERS_RECEIVED)
    answer.setEncoding('latin1').on('data', (chunk: string) => {
      this.#received += chunk
      this.#goTo(LOADING)
    })
    answer.on('end', () => this.#goTo(DONE))
    answer.on('error', () => {
      this.#answer = undefined
      this.#goTo(DONE)
    })
  }

  #goTo(state: number): void {
    this.readyState = state
    this.onreadystatechange?.()
  }
}
