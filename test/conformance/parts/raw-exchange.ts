// One connection of a client that writes bytes and reads to the end: the answers as they came.
import { connect } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** The status line and the fields, as they came. */
  readonly head: string
  readonly body: string
}

export interface RawOutcome {
  /** Everything that came. */
  readonly text: string
  readonly answers: readonly RawAnswer[]
  /** What follows the last whole answer. */
  readonly rest: string
  /** False when the server had not closed the connection when the patience ended. */
  readonly closed: boolean
}

/** Ends with the connection. `patienceMs` only bounds a server that never closes. */
export function exchangeRaw(port: number, bytes: string, patienceMs: number): Promise<RawOutcome> {
  return new Promise((resolve) => {
    let received = ''
    let closed = true
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')))
    const patience = setTimeout(() => {
      closed = false
      socket.destroy()
    }, patienceMs)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    // A server that refuses may reset: what it said before is the outcome.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(patience)
      resolve({ text: received, ...splitAnswers(received), closed })
    })
  })
}

/** Answers to anything but HEAD. */
function splitAnswers(text: string): Pick<RawOutcome, 'answers' | 'rest'> {
  const answers: RawAnswer[] = []
  let rest = text
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1]
    if (headEnd < 0 || status === undefined) return { answers, rest }
    const head = rest.slice(0, headEnd)
    const body = bodyAfter(rest.slice(headEnd + 4), head, Number(status))
    if (body === undefined) return { answers, rest }
    answers.push({ status: Number(status), head, body: body.content })
    rest = rest.slice(headEnd + 4 + body.length)
  }
}

interface FramedBody {
  readonly content: string
  /** Bytes that it takes, framing included. */
  readonly length: number
}

function bodyAfter(text: string, head: string, status: number): FramedBody | undefined {
  if (status < 200 || status === 204 || status === 304) return { content: '', length: 0 }
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length !== undefined) {
    const bytes = Number(length)
    return text.length < bytes ? undefined : { content: text.slice(0, bytes), length: bytes }
  }
  if (/^transfer-encoding: *chunked/im.test(head)) return chunkedBody(text)
  return { content: text, length: text.length }
}

function chunkedBody(text: string): FramedBody | undefined {
  let content = ''
  let at = 0
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (lineEnd < 0 || Number.isNaN(size)) return undefined
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd)
      return end < 0 ? undefined : { content, length: end + 4 }
    }
    content += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
