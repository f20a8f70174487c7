// What an exchange is answered with: a refusal at the door, no route, or what the chain of its route comes to.
import { type Answer, type AnswerMaker, runChain } from './chain/run.ts'
import type { Course } from './course.ts'
import { encodedSlashRefusal, hasEncodedSlash, withoutParameters } from './edge/canonical-path.ts'
import type { HttpExchange } from './edge/http-exchange.ts'
import { renderDirect, renderProblem } from './edge/problem.ts'
import { GatewayError } from './errors.ts'
import { guardUpgrade } from './open-tunnel.ts'
import type { MatchRequest } from './routing/route-pattern.ts'

const ANSWERS: AnswerMaker = { fromDirect: renderDirect, fromError: renderProblem }

// No promise of its own: most of what it returns is decided at once, or is the chain's.
export function decide(course: Course): Answer | Promise<Answer> {
  const { exchange, generation } = course
  if (exchange.error) return renderProblem(exchange.error, exchange)
  if (exchange.answer) return renderDirect(exchange.answer)
  const match = generation.table.match(asMatched(exchange))
  const slashes = match.kind === 'route' && match.route.encodedSlashes
  if (!slashes && hasEncodedSlash(exchange.path)) return refuse(exchange, encodedSlashRefusal())
  if (match.kind === 'none') return refuse(exchange, new GatewayError('ROUTE_NOT_FOUND'))
  if (match.kind === 'method') return refuse(exchange, methodNotAllowed(match.allow))
  exchange.request.headers.removeAll(generation.identityHeaders)
  exchange.body.refusedTrailers = generation.identityHeaders
  course.route = match.route
  exchange.route = match.route.facts
  exchange.params = match.params
  if (exchange.grpc !== undefined) exchange.takeCall(match.route.speaksHttp2)
  const chain = exchange.upgrade
    ? { ...match.route.chain, call: guardUpgrade(match.route.chain.call) }
    : match.route.chain
  if (match.preflightAllow === undefined) return runChain(chain, exchange, ANSWERS)
  const refusal = methodNotAllowed(match.preflightAllow)
  return runChain({ ...chain, call: () => Promise.reject(refusal) }, exchange, ANSWERS)
}

export function refuse(exchange: HttpExchange, error: GatewayError): Answer {
  exchange.error = error
  return renderProblem(error, exchange)
}

// Where nothing is stripped, which is nearly always, the exchange itself is asked about.
function asMatched(exchange: HttpExchange): MatchRequest {
  const path = withoutParameters(exchange.path)
  if (path === exchange.path) return exchange
  const { host, method, headers, query } = exchange
  return { host, method, headers, query, path }
}

function methodNotAllowed(allow: readonly string[]): GatewayError {
  return new GatewayError('METHOD_NOT_ALLOWED', { headers: ['Allow', allow.join(', ')] })
}
