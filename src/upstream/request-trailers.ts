// Trailers of a request: undici writes the last chunk without any, so they are put into it on its way to the socket.
import type { BodyStream } from '../exchange.ts'

/** What undici ends a chunked body with. */
const LAST_CHUNK = '\r\n0\r\n\r\n'

let due: readonly string[] = []

/** To be called before undici is given the body: its own listener for the end writes the last chunk right after this. */
export function carryTrailers(body: BodyStream): BodyStream {
  const { trailers } = body
  if (trailers) {
    body.once('end', () => {
      due = trailers()
      // Nobody takes them when the connection has failed meanwhile.
      queueMicrotask(forget)
    })
  }
  return body
}

/** What is written to a connection, with the trailers that are due where it is the last chunk. */
export function withTrailers(text: string): string {
  if (text !== LAST_CHUNK || due.length === 0) return text
  let chunk = '\r\n0\r\n'
  for (let at = 0; at < due.length; at += 2) chunk += `${due[at]}: ${due[at + 1]}\r\n`
  forget()
  return `${chunk}\r\n`
}

function forget(): void {
  due = []
}
