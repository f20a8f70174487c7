// An HTTP/1.1 answer as bytes, read as strictly as a client should: whole, or broken off.

export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
  /** False when the connection ended before the framing said so. */
  readonly whole: boolean
}

/** Undefined when not even the head is there. */
export function readAnswer(received: string): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = received.slice(0, end)
  const rest = received.slice(end + 4)
  const status = Number(head.split(' ')[1])
  if (status < 200) return readAnswer(rest)
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return { status, head, ...readChunks(rest) }
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
  return { status, head, body: rest, whole: rest.length === length }
}

function readChunks(text: string): { readonly body: string; readonly whole: boolean } {
  let body = ''
  let at = 0
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20))
    if (!size) return { body, whole: false }
    const start = at + size[0].length
    const length = Number.parseInt(size[1]!, 16)
    if (length === 0) return { body, whole: text.slice(start) === '\r\n' }
    body += text.slice(start, start + length)
    at = start + length + 2
    if (text.slice(at - 2, at) !== '\r\n') return { body, whole: false }
  }
}
