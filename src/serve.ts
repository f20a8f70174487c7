// A request's way: arrive -> match -> chain -> service -> answer -> finish. Every step is one line below.
import { type Answer, drop } from './chain/run.ts'
import type { Course } from './course.ts'
import { decide, refuse } from './decide.ts'
import type { ClientRequest, ClientResponse, Serve } from './edge/client-request.ts'
import type { HttpExchange } from './edge/http-exchange.ts'
import { sendAnswer } from './edge/send-answer.ts'
import type { TurnShare } from './edge/turn-share.ts'
import type { WriteDeadlines } from './edge/write-deadlines.ts'
import { GatewayError } from './errors.ts'
import { type FinishParts, finish, reasonOf } from './finish.ts'
import type { Generation } from './generation.ts'
import type { OpenByGeneration } from './open-by-generation.ts'
import { mayLast, openStream } from './open-stream.ts'
import { hasTunnel, openTunnel, type SwitchedAnswer, type TunnelEnvironment } from './open-tunnel.ts'
import type { Turn } from './turn.ts'

export interface ServeOptions extends TunnelEnvironment, FinishParts {
  arrive(raw: ClientRequest, target: string): HttpExchange
  generation(): Generation
  readonly deadlines: WriteDeadlines
  readonly turns: TurnShare
  readonly streams: OpenByGeneration
  readonly turn: Turn
  isDraining(): boolean
}

export interface Server {
  readonly request: Serve
  /** Exchanges being served, of all generations. */
  inFlight(): number
}

export function createServe(options: ServeOptions): Server {
  let inFlight = 0
  function request(raw: ClientRequest, response: ClientResponse, target: string): void {
    const { socket } = raw
    // A client that has reset already has no address any more: nobody to limit, to trust or to answer.
    if (socket.remoteAddress === undefined) socket.destroy()
    if (socket.destroyed) return
    const exchange = options.arrive(raw, target)
    exchange.response = response
    response.requestId = exchange.id
    const generation = options.generation()
    inFlight++
    generation.enter()
    const course: Course = { exchange, generation, route: undefined, sent: { bytes: 0 } }
    response.on('close', () => {
      inFlight--
      finish(options, course, response)
    })
    options.turn.decide(() => answerExchange(options, course, response))
  }
  return { request, inFlight: () => inFlight }
}

function answerExchange(options: ServeOptions, course: Course, response: ClientResponse): void {
  // The client is gone, and the exchange finished: its generation may be closed already.
  if (response.destroyed) return
  const fail = (thrown: unknown) => lastResort(options, course, { response, thrown })
  const deliver = (answer: Answer) => {
    course.exchange.status = answer.status
    options.turn.send(() => depart(options, course, { response, answer }))
  }
  try {
    startTrace(options, course.exchange)
    const answer = decide(course)
    if (answer instanceof Promise) answer.then(deliver, fail)
    else deliver(answer)
  } catch (thrown) {
    fail(thrown)
  }
}

function depart(options: ServeOptions, course: Course, { response, answer }: Sending): void {
  try {
    if (response.destroyed) drop(answer)
    else send(options, course, { response, answer })
  } catch (thrown) {
    lastResort(options, course, { response, thrown })
  }
}

function startTrace({ tracer }: ServeOptions, exchange: HttpExchange): void {
  const { headers } = exchange
  // W3C trace context section 3.2: with several traceparents there is none; tracestate may stand in several fields.
  const parents = headers.all('traceparent')
  const parent = parents.length === 1 ? parents[0] : undefined
  const state = parent === undefined ? undefined : headers.all('tracestate').join(',')
  exchange.trace = tracer.start(parent, state, exchange.trusted)
}

interface Sending {
  readonly response: ClientResponse
  readonly answer: Answer
}

function send(options: ServeOptions, course: Course, { response, answer }: Sending): void {
  const { exchange, sent } = course
  const bodyLeft = !exchange.body.ended && !exchange.body.complete
  const { id: requestId, method, grpc } = exchange
  const facts = { requestId, method, grpc, sent, deadlines: options.deadlines, turns: options.turns }
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
  if (mayLast(exchange, answer)) options.streams.add(openStream(exchange, response), course.generation)
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
