// A request's way: arrive -> match -> chain -> service -> answer -> finish. Every step is one line below.
import type { Socket } from 'node:net'
import { type Answer, type AnswerMaker, runChain } from './chain/run.ts'
import { encodedSlashRefusal, hasEncodedSlash, withoutParameters } from './edge/canonical-path.ts'
import type { ClientRequest, ClientResponse, Serve } from './edge/client-request.ts'
import { clientClosed, type HttpExchange } from './edge/http-exchange.ts'
import { renderDirect, renderProblem } from './edge/problem.ts'
import { type Sent, sendAnswer } from './edge/send-answer.ts'
import type { WriteDeadlines } from './edge/write-deadlines.ts'
import { GatewayError } from './errors.ts'
import type { CompiledRoute, Generation } from './generation.ts'
import {
  guardUpgrade,
  hasTunnel,
  openTunnel,
  type SwitchedAnswer,
  type TunnelEnvironment,
} from './open-tunnel.ts'
import type { Logger } from './plugin.ts'
import type { MatchRequest } from './routing/route-pattern.ts'
import type { RouteRecorder } from './telemetry/route-recorder.ts'
import type { Tracer } from './telemetry/tracer.ts'
import type { Tunnel } from './web-socket/tunnel.ts'

export interface ServeOptions extends TunnelEnvironment {
  readonly logger: Logger
  arrive(raw: ClientRequest, target: string): HttpExchange
  generation(): Generation
  readonly tracer: Tracer
  /** Records what no route took. */
  readonly unmatched: RouteRecorder
  readonly deadlines: WriteDeadlines
  isDraining(): boolean
}

export interface Server {
  readonly request: Serve
  /** Exchanges being served, of all generations. */
  inFlight(): number
}

const ANSWERS: AnswerMaker = { fromDirect: renderDirect, fromError: renderProblem }

export function createServe(options: ServeOptions): Server {
  let inFlight = 0
  // What follows a message of doubtful framing on the same connection may be a part of it (RFC 9112 section 9.6).
  const doomed = new WeakSet<Socket>()
  function request(raw: ClientRequest, response: ClientResponse, target: string): void {
    const { socket } = raw
    // A client that has reset already has no address any more: nobody to limit, to trust or to answer.
    if (socket.remoteAddress === undefined) socket.destroy()
    if (socket.destroyed || doomed.has(socket)) return
    const exchange = options.arrive(raw, target)
    exchange.response = response
    if (exchange.malformed) doomed.add(socket)
    const generation = options.generation()
    inFlight++
    generation.enter()
    const course: Course = { exchange, generation, route: undefined, sent: { bytes: 0 } }
    response.on('close', () => {
      inFlight--
      finish(options, course, response)
    })
    answerExchange(options, course, response).catch((thrown) =>
      lastResort(options, course, { response, thrown }),
    )
  }
  return { request, inFlight: () => inFlight }
}

/** One exchange on its way through one generation. */
interface Course {
  readonly exchange: HttpExchange
  readonly generation: Generation
  readonly sent: Sent
  route: CompiledRoute | undefined
  /** From the moment on that the connection has left HTTP. */
  tunnel?: Tunnel
}

async function answerExchange(
  options: ServeOptions,
  course: Course,
  response: ClientResponse,
): Promise<void> {
  const { exchange } = course
  startTrace(options, exchange)
  const answer = await decide(course)
  exchange.status = answer.status
  if (response.destroyed) drop(answer)
  else send(options, course, { response, answer })
}

// No promise of its own: most of what it returns is decided at once, or is the chain's.
function decide(course: Course): Answer | Promise<Answer> {
  const { exchange, generation } = course
  if (exchange.error) return renderProblem(exchange.error, exchange)
  if (exchange.answer) return renderDirect(exchange.answer)
  const match = generation.table.match(asMatched(exchange))
  const slashes = match.kind === 'route' && match.route.encodedSlashes
  if (!slashes && hasEncodedSlash(exchange.path)) return refuse(exchange, encodedSlashRefusal())
  if (match.kind === 'none') return refuse(exchange, new GatewayError('ROUTE_NOT_FOUND'))
  if (match.kind === 'method') return refuse(exchange, methodNotAllowed(match.allow))
  for (const name of generation.identityHeaders) exchange.request.headers.remove(name)
  exchange.body.refusedTrailers = generation.identityHeaders
  course.route = match.route
  exchange.route = match.route.facts
  exchange.params = match.params
  const chain = exchange.upgrade
    ? { ...match.route.chain, call: guardUpgrade(match.route.chain.call) }
    : match.route.chain
  if (match.preflightAllow === undefined) return runChain(chain, exchange, ANSWERS)
  const refusal = methodNotAllowed(match.preflightAllow)
  return runChain({ ...chain, call: () => Promise.reject(refusal) }, exchange, ANSWERS)
}

interface Sending {
  readonly response: ClientResponse
  readonly answer: Answer
}

function send(options: ServeOptions, course: Course, { response, answer }: Sending): void {
  const { exchange, sent } = course
  const bodyLeft = !exchange.body.ended && !exchange.body.complete
  const { id: requestId, method, grpc } = exchange
  const facts = { requestId, method, grpc, sent, deadlines: options.deadlines }
  const close = options.isDraining() || bodyLeft || exchange.malformed || exchange.closes
  try {
    if (hasTunnel(answer)) switchOver(options, course, { response, answer })
    else sendAnswer(response, answer, { ...facts, close })
  } catch (thrown) {
    // A field that the parser let through but that may not be written again.
    drop(answer)
    const error = new GatewayError('UPSTREAM_INVALID_RESPONSE', { cause: thrown })
    const refusal = refuse(exchange, error)
    sendAnswer(response, refusal, { ...facts, close: true })
    exchange.status = refusal.status
  }
  if (!exchange.body.ended) drainBehind(answer, exchange)
}

// A service may answer while the request goes on, and both stream: what is left runs off behind the answer.
function drainBehind({ body }: Answer, exchange: HttpExchange): void {
  if (typeof body === 'object' && 'onEnd' in body) body.onEnd(() => exchange.body.drain())
  else exchange.body.drain()
}

interface Switching extends Sending {
  readonly answer: SwitchedAnswer
}

// The trace ends here: a span that lasts for hours is of no use, and lost with the process.
function switchOver(options: ServeOptions, course: Course, { response, answer }: Switching): void {
  const { exchange, generation } = course
  course.tunnel = openTunnel(options, { exchange, response, answer, generation })
  course.route?.recorder.switched(exchange)
  options.tracer.finish(exchange)
}

// Nothing above should throw; if it does, this one client learns it and the others notice nothing.
function lastResort(
  { logger }: ServeOptions,
  { exchange }: Course,
  { response, thrown }: { readonly response: ClientResponse; readonly thrown: unknown },
): void {
  logger.error({ reason: reasonOf(thrown), requestId: exchange.id }, 'an answer could not be sent')
  response.destroy()
}

function finish(options: ServeOptions, course: Course, response: ClientResponse): void {
  const { exchange, generation, route, sent, tunnel } = course
  const aborted = !response.writableFinished
  exchange.error ??= sent.failure
  exchange.grpcStatus = sent.grpcStatus
  if (aborted) exchange.cancel(clientClosed())
  for (const onFinish of route?.chain.onFinish ?? []) safely(options, onFinish, exchange)
  logCause(options, exchange)
  const recorder = route?.recorder ?? options.unmatched
  recorder.finish(exchange, {
    bytesIn: tunnel?.received ?? exchange.body.received,
    bytesOut: tunnel?.sent ?? sent.bytes,
    upstreamMs: upstreamMs(exchange),
    aborted,
    switched: tunnel !== undefined,
  })
  if (!tunnel) options.tracer.finish(exchange)
  generation.leave()
}

// A hook that only observes must not take the rest of the finish, or the process, with it.
function safely(
  { logger }: ServeOptions,
  hook: (exchange: HttpExchange) => void,
  exchange: HttpExchange,
): void {
  try {
    hook(exchange)
  } catch (thrown) {
    logger.error({ err: thrown, requestId: exchange.id, route: exchange.route?.id }, 'onFinish failed')
  }
}

/** What lies behind a refusal stands in no answer; here is where an operator finds it. */
function logCause({ logger }: ServeOptions, { id: requestId, error }: HttpExchange): void {
  if (error?.code !== 'INTERNAL_ERROR') return
  logger.error({ reason: reasonOf(error.cause), requestId }, 'a request failed inside the gateway')
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

// Where nothing is stripped, which is nearly always, the exchange itself is asked about.
function asMatched(exchange: HttpExchange): MatchRequest {
  const path = withoutParameters(exchange.path)
  if (path === exchange.path) return exchange
  const { host, method, headers, query } = exchange
  return { host, method, headers, query, path }
}

function startTrace({ tracer }: ServeOptions, exchange: HttpExchange): void {
  const { headers } = exchange
  // W3C trace context section 3.2: with several traceparents there is none; tracestate may stand in several fields.
  const parents = headers.all('traceparent')
  const parent = parents.length === 1 ? parents[0] : undefined
  const state = parent === undefined ? undefined : headers.all('tracestate').join(',')
  exchange.trace = tracer.start(parent, state, exchange.trusted)
}

function upstreamMs(exchange: HttpExchange): number {
  let total = 0
  for (const attempt of exchange.attempts) total += attempt.durationMs
  return total
}

function refuse(exchange: HttpExchange, error: GatewayError): Answer {
  exchange.error = error
  return renderProblem(error, exchange)
}

function methodNotAllowed(allow: readonly string[]): GatewayError {
  return new GatewayError('METHOD_NOT_ALLOWED', { headers: ['Allow', allow.join(', ')] })
}

function drop(answer: Answer): void {
  if (typeof answer.body === 'object' && 'discard' in answer.body) answer.body.discard()
}
