// Which answers count as lasting ones, and how they are ended.
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../src/chain/run.ts'
import type { ClientResponse } from '../../src/edge/client-request.ts'
import type { HttpExchange } from '../../src/edge/http-exchange.ts'
import { HeaderList } from '../../src/headers.ts'
import { mayLast, openStream } from '../../src/open-stream.ts'
import { FedBody } from './edge/answers.ts'

const exchange = (grpc?: string) => ({ grpc }) as HttpExchange
const answer = (type: string, body: Answer['body'] = new FedBody()) =>
  ({ status: 200, headers: new HeaderList(['Content-Type', type]), body }) as Answer

describe('a lasting answer', () => {
  it.each([
    ['an event stream', exchange(), answer('text/event-stream; charset=utf-8'), true],
    ['a call of gRPC', exchange('application/grpc'), answer('application/grpc'), true],
    ['an event stream that is over', exchange(), answer('text/event-stream', new FedBody([])), false],
    ['an answer of the gateway', exchange('application/grpc'), answer('application/grpc', ''), false],
    ['any other one', exchange(), answer('application/json'), false],
  ])('%s: %#', (_name, of, one, lasts) => {
    expect(mayLast(of, one)).toBe(lasts)
  })

  it('is ended with the exchange, and over when its response is', async () => {
    const response = new EventEmitter()
    const reasons: string[] = []
    const cancelling = { cancel: ({ code }: { code: string }) => reasons.push(code) }
    const stream = openStream(cancelling as never, response as unknown as ClientResponse)
    stream.goAway()
    expect(reasons).toEqual(['OVERLOADED'])
    response.emit('close')
    await stream.ended
  })
})
