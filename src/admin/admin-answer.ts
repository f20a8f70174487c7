// How the admin API answers: JSON or a problem document, never cached, never framed, never sniffed.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasBody } from './http-listener.ts'

export interface AdminAnswer {
  readonly status: number
  /** Undefined: no body. */
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** RFC 9457. */
export function problem(status: number, title: string, members: object = {}): AdminAnswer {
  return {
    status,
    body: { type: 'about:blank', title, status, ...members },
    headers: { 'content-type': 'application/problem+json' },
  }
}

export function sendAnswer(request: IncomingMessage, response: ServerResponse, answer: AdminAnswer): void {
  const bytes = answer.body === undefined ? Buffer.alloc(0) : Buffer.from(`${JSON.stringify(answer.body)}\n`)
  response.writeHead(answer.status, {
    ...SECURITY_HEADERS,
    ...(bytes.length > 0 && { 'content-type': 'application/json' }),
    'content-length': bytes.length,
    ...(hasBody(request) && { connection: 'close' }),
    ...answer.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
