// The only renderer of the gateway's own answers: RFC 9457 problem documents, statuses of gRPC, direct responses.
import type { GatewayError } from '../errors.ts'
import { grpcTrailers } from '../grpc.ts'
import { HeaderList } from '../headers.ts'
import type { DirectResponse } from '../plugin.ts'

export interface OwnAnswer {
  status: number
  readonly headers: HeaderList
  readonly body: string | Buffer
}

export interface Asked {
  readonly id: string
  readonly grpc?: string | undefined
}

/** Never carries a cause, an address or a library's message: only what the catalogue and `detail` say. */
export function renderProblem(error: GatewayError, exchange: Asked): OwnAnswer {
  if (exchange.grpc !== undefined) return renderStatus(error, exchange.grpc)
  const headers = new HeaderList([
    'Content-Type',
    'application/problem+json',
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    ...error.headers,
  ])
  return { status: error.status, headers, body: problemDocument(error, exchange.id) }
}

// A head that is all there is ("Trailers-Only"): gRPC takes no failure from the status of HTTP, or guesses at it.
function renderStatus(error: GatewayError, type: string): OwnAnswer {
  const headers = new HeaderList(['Content-Type', type, ...grpcTrailers(error), ...error.headers])
  return { status: 200, headers, body: '' }
}

export function problemDocument(error: GatewayError, requestId: string): string {
  return JSON.stringify({
    type: `urn:turnpike:error:${error.code}`,
    title: error.title,
    status: error.status,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    code: error.code,
    source: error.source,
    requestId,
    retryable: error.retryable,
    ...error.members,
  })
}

export function renderDirect(response: DirectResponse): OwnAnswer {
  return {
    status: response.status,
    headers: response.headers ?? new HeaderList(),
    body: response.body ?? '',
  }
}
