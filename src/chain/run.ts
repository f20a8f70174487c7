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
  return finishHead(chain, exchange, { answer, reached, make })
}

interface Progress {
  readonly answer: Answer
  readonly reached: number
  readonly make: AnswerMaker
}

async function finishHead(chain: Chain, exchange: RunningExchange, progress: Progress): Promise<Answer> {
  let { answer } = progress
  for (let at = progress.reached - 1; at >= 0; at--) {
    try {
      const waiting = chain.onResponse[at]?.(exchange, answer)
      if (waiting !== undefined) await waiting
    } catch (thrown) {
      drop(answer)
      answer = refuse(exchange, toGatewayError(thrown), progress.make)
    }
  }
  return answer
}

function refuse(exchange: RunningExchange, error: GatewayError, make: AnswerMaker): GatewayAnswer {
  exchange.error = error
  return make.fromError(error, exchange)
}

function drop(answer: Answer): void {
  if (typeof answer.body === 'object' && 'discard' in answer.body) answer.body.discard()
}
