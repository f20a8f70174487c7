// A client of TLS that keeps its session: one request on a connection of its own, and what was agreed there.
import { type ConnectionOptions, connect } from 'node:tls'

export interface TlsAnswer {
  /** What came back, '' when the connection was closed instead. */
  readonly text: string
  readonly resumed: boolean
  /** SHA-256 of the certificate that was shown; where a session is resumed, none is. */
  readonly fingerprint: string | undefined
  /** To resume with; undefined when none was given. */
  readonly session: Buffer | undefined
}

export interface TlsQuestion extends ConnectionOptions {
  readonly path?: string
  /** Of the field `Host`. */
  readonly asks?: string
}

/** Trusts anybody, unless it is told whom. Never rejects: a handshake that fails is one without an answer. */
export async function askOverTls(url: string, question: TlsQuestion = {}): Promise<TlsAnswer> {
  const { path = '/x', asks = 'api.test', ...options } = question
  const port = Number(new URL(url).port)
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: options.ca !== undefined,
    ...options,
  })
  let text = ''
  let session: Buffer | undefined
  socket.on('session', (ticket: Buffer) => {
    session = ticket
  })
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  let agreed: Pick<TlsAnswer, 'resumed' | 'fingerprint'> = { resumed: false, fingerprint: undefined }
  socket.on('secureConnect', () => {
    agreed = {
      resumed: socket.isSessionReused(),
      fingerprint: socket.getPeerX509Certificate()?.fingerprint256,
    }
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${asks}\r\nConnection: close\r\n\r\n`)
  })
  await new Promise((resolve) => socket.on('close', resolve))
  return { text, session, ...agreed }
}

/** A session for another name of the same length: node's own client resumes none for a name that it was not begun with. */
export function renamed(session: Buffer, from: string, to: string): Buffer {
  return Buffer.from(session.toString('latin1').replace(from, to), 'latin1')
}
