// The plugin `grpcWeb`: calls of gRPC-Web, as pages make them, become calls of gRPC, and the answers go back.
import { z } from 'zod'
import type { Filter, Hooks, Plugin, UpstreamRequest, UpstreamResponse } from '../../src/plugin.ts'
import { DecodedBody } from './decoded-body.ts'
import { WebBody } from './web-body.ts'

const WEB = 'application/grpc-web'
const WEB_TEXT = 'application/grpc-web-text'
const GRPC = 'application/grpc'

const settings = z.literal(true, { error: 'expected true' })

export const grpcWeb = {
  name: 'grpcWeb',
  stage: 'request',
  summary: 'Lets pages call services of gRPC: gRPC-Web, in binary and as text, is translated on the way.',
  settings,
  create: (): Hooks => ({ upstream: translate }),
} satisfies Plugin<true>

const translate: Filter = (next) => async (request) => {
  const type = request.exchange.grpc
  if (type === undefined || !type.startsWith(WEB)) return next(request)
  return toWeb(await next(toGrpc(request, type)), type)
}

function toGrpc(request: UpstreamRequest, type: string): UpstreamRequest {
  const { headers } = request
  headers.set('content-type', GRPC + type.slice(prefixOf(type).length))
  for (const name of ['accept', 'x-grpc-web']) headers.remove(name)
  if (prefixOf(type) === WEB) return request
  headers.remove('content-length')
  return { ...request, body: new DecodedBody(request.body) }
}

/** What is no answer of gRPC goes to the page as it is. */
function toWeb(response: UpstreamResponse, type: string): UpstreamResponse {
  const { headers } = response
  const answered = headers.get('content-type')?.toLowerCase() ?? ''
  if (!answered.startsWith(GRPC) || answered.startsWith(WEB)) return response
  headers.set('content-type', prefixOf(type) + answered.slice(GRPC.length).replace(/[^\w+.-].*/, ''))
  const status = headers.get('grpc-status')
  // A failure in a head that is all there is stays there: every client looks at it.
  if (status !== undefined && status !== '0') return response
  headers.remove('content-length')
  const trailers = status === undefined ? [] : takeStatus(response)
  return { ...response, body: new WebBody(response.body, { trailers, asText: prefixOf(type) === WEB_TEXT }) }
}

function takeStatus({ headers }: UpstreamResponse): string[] {
  const taken: string[] = []
  for (const name of ['grpc-status', 'grpc-message']) {
    const value = headers.get(name)
    if (value !== undefined) taken.push(name, value)
    headers.remove(name)
  }
  return taken
}

function prefixOf(type: string): string {
  return type.startsWith(WEB_TEXT) ? WEB_TEXT : WEB
}
