// Takes one exchange through its chain: in, to the service, and back out; every failure ends as an answer.
import { type GatewayError, toGatewayError } from '../errors.ts'
import type { DirectResponse, Exchange, ResponseHead, UpstreamResponse } from '../plugin.ts'
import type { Chain } from './chain.ts'

/** What the runner needs to know of an exchange beyond the contract. */
export interface RunningExchange extends Exchange {
  /** Set by `respond`. */
  readonly answer: DirectResponse | undefined
  error: GatewayError | undefined
}

/** The head to send, with the body of the service or of the gateway. */
export type Answer = UpstreamResponse | GatewayAnswer

export interface GatewayAnswer extends ResponseHead {
  readonly body: string | Buffer
}

export interface AnswerMaker {
  fromDirect(response: DirectResponse): GatewayAnswer
  fromError(error: GatewayError, exchange: Exchange): GatewayAnswer
}

/** Never rejects. */
export async function runChain(chain: Chain, exchange: RunningExchange, make: AnswerMaker): Promise<Answer> {
  let reached = 0
  let answer: Answer | undefined
  try {
    for (; reached < chain.onRequest.length && !exchange.answer; reached++) {
      const waiting = chain.onRequest[reached]?.(exchange)
      if (waiting !== undefined) await waiting
    }
    answer = exchange.answer ? make.fromDirect(exchange.answer) : await chain.call(exchange.request)
  } catch (thrown) {
    // The hook that refused was reached as well: a 429 carries the limiter's headers.
    if (reached < chain.onRequest.length) reached++
    answer = refuse(exchange, toGatewayError(thrown), make)
  }
  const finished = finishHead(chain, exchange, { answer, reached, make })
  return finished instanceof Promise ? await finished : finished
}

interface Progress {
  readonly answer: Answer
  readonly reached: number
  readonly make: AnswerMaker
}

// Not async: with synchronous hooks, which are nearly all, the answer is there at once.
function finishHead(
  chain: Chain,
  exchange: RunningExchange,
  { answer: first, reached, make }: Progress,
): Answer | Promise<Answer> {
  let answer = first
  for (let at = reached - 1; at >= 0; at--) {
    try {
      const waiting = chain.onResponse[at]?.(exchange, answer)
      if (waiting !== undefined) return goOn(waiting, chain, { exchange, answer, reached: at, make })
    } catch (thrown) {
      answer = replace(answer, thrown, { exchange, make })
    }
  }
  return answer
}

interface Waiting extends Progress {
  readonly exchange: RunningExchange
}

async function goOn(waiting: Promise<void>, chain: Chain, so: Waiting): Promise<Answer> {
  let { answer } = so
  try {
    await waiting
  } catch (thrown) {
    answer = replace(answer, thrown, so)
  }
  return finishHead(chain, so.exchange, { ...so, answer })
}

function replace(
  answer: Answer,
  thrown: unknown,
  { exchange, make }: Pick<Waiting, 'exchange' | 'make'>,
): GatewayAnswer {
  drop(answer)
  return refuse(exchange, toGatewayError(thrown), make)
}

function refuse(exchange: RunningExchange, error: GatewayError, make: AnswerMaker): GatewayAnswer {
  exchange.error = error
  return make.fromError(error, exchange)
}

/** Nobody will send its body: the connection to the service is given up, unless all of it has come. */
export function drop(answer: Answer): void {
  if (typeof answer.body === 'object' && 'discard' in answer.body) answer.body.discard()
}
