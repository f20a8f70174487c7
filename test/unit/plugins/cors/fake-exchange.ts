// An exchange of which only the facts exist that a plugin at the edge looks at.
import { Readable } from 'node:stream'
import {
  type DirectResponse,
  type Exchange,
  HeaderList,
  type RequestBody,
  type ResponseHead,
} from '../../../../src/plugin.ts'

export interface FakeExchangeFacts {
  readonly method?: string
  readonly headers?: string[]
  readonly clientIp?: string
  readonly body?: { readonly present: boolean; readonly length?: number }
}

export class FakeBody implements RequestBody {
  readonly awaitsClient = false
  readonly awaitsContinue = false
  readonly present: boolean
  readonly length: number | undefined
  readonly replayable = true
  readonly limits: number[] = []

  constructor({ present, length }: { readonly present: boolean; readonly length?: number }) {
    this.present = present
    this.length = length
  }

  limit(bytes: number): void {
    this.limits.push(bytes)
  }

  retain(): void {}

  open(): Readable {
    return Readable.from([])
  }
}

export interface FakeExchange extends Exchange {
  readonly answer: DirectResponse | undefined
  readonly body: FakeBody
}

export function fakeExchange(facts: FakeExchangeFacts = {}): FakeExchange {
  const { method = 'GET', headers = [], clientIp = '192.0.2.1' } = facts
  const body = new FakeBody(facts.body ?? { present: false })
  const exchange: Partial<Record<keyof FakeExchange, unknown>> = {
    method,
    headers: new HeaderList([...headers]),
    clientIp,
    body,
    request: { headers: new HeaderList([...headers]), body },
    answer: undefined,
    respond: (response: DirectResponse) => Object.assign(exchange, { answer: response }),
  }
  return exchange as unknown as FakeExchange
}

export function responseHead(status: number, ...pairs: string[]): ResponseHead {
  return { status, headers: new HeaderList(pairs) }
}
