// An exchange that is nothing but its plain facts, and services and answers to run chains against.
import { compileChain } from '../../../src/chain/chain.ts'
import {
  type Answer,
  type AnswerMaker,
  type GatewayAnswer,
  type RunningExchange,
  runChain,
} from '../../../src/chain/run.ts'
import { HeaderList } from '../../../src/headers.ts'
import type {
  Call,
  DirectResponse,
  GatewayError,
  PlacedHooks,
  ResponseBody,
  Stage,
  UpstreamRequest,
  UpstreamResponse,
} from '../../../src/plugin.ts'

/** What the runner touches of an exchange. */
export function createExchange(): RunningExchange {
  const exchange = {
    request: { path: '/x' } as UpstreamRequest,
    answer: undefined as DirectResponse | undefined,
    error: undefined as GatewayError | undefined,
    respond(response: DirectResponse) {
      exchange.answer = response
    },
  }
  return exchange as unknown as RunningExchange
}

/** Renders an error as its code, so that tests can see who answered. */
export const MAKE: AnswerMaker = {
  fromDirect: ({ status, body = '', headers = new HeaderList() }): GatewayAnswer => ({
    status,
    headers,
    body,
  }),
  fromError: ({ status, code }): GatewayAnswer => ({ status, headers: new HeaderList(), body: code }),
}

export interface RecordedService {
  readonly call: Call
  readonly asked: UpstreamRequest[]
  discarded: number
}

/** A service that answers 200, or fails. */
export function createService(failure?: unknown): RecordedService {
  const service: RecordedService = {
    asked: [],
    discarded: 0,
    async call(request) {
      service.asked.push(request)
      if (failure !== undefined) throw failure
      const body = { discard: () => void service.discarded++ } as unknown as ResponseBody
      return { status: 200, headers: new HeaderList(), body } satisfies UpstreamResponse
    },
  }
  return service
}

/** Hooks that only tell when they run. */
export function tellingHooks(stage: Stage, name: string, told: string[]): PlacedHooks {
  return {
    stage,
    onRequest: () => void told.push(`${name} in`),
    onResponse: (_exchange, response) => void told.push(`${name} out ${response.status}`),
    onFinish: () => void told.push(`${name} end`),
  }
}

export interface Ran {
  readonly answer: Answer
  readonly exchange: RunningExchange
  readonly service: RecordedService
}

/** One exchange through the chain of these hooks. */
export async function run(hooks: readonly PlacedHooks[], service = createService()): Promise<Ran> {
  const exchange = createExchange()
  const answer = await runChain(compileChain(hooks, service.call), exchange, MAKE)
  return { answer, exchange, service }
}
