// The plugin `grpcWeb`: what it makes of requests and of answers, whole, broken and in any pieces.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { DecodedBody } from '../../../../plugins/grpc-web/decoded-body.ts'
import { grpcWeb } from '../../../../plugins/grpc-web/grpc-web.ts'
import { MessageScan } from '../../../../plugins/grpc-web/message-scan.ts'
import { WebBody } from '../../../../plugins/grpc-web/web-body.ts'
import {
  type BodySink,
  type Filter,
  GatewayError,
  HeaderList,
  type RequestBody,
  type ResponseBody,
  type UpstreamRequest,
} from '../../../../src/plugin.ts'
import { FakeExchange, response } from '../retry/fakes.ts'

const filter = grpcWeb.create().upstream as Filter
const MESSAGE = Buffer.from([0, 0, 0, 0, 3, 1, 2, 3])

async function call(type: string, answered = response(200), headers: string[] = []) {
  const exchange = new FakeExchange({ method: 'POST', headers: ['Content-Type', type, ...headers] })
  exchange.grpc = type.startsWith('application/grpc') ? type : undefined
  let sent: UpstreamRequest | undefined
  const answer = await filter((request) => {
    sent = request
    return Promise.resolve(answered)
  })(exchange.request)
  return { sent: sent!, answer }
}

describe('a call of gRPC-Web', () => {
  it('goes on as a call of gRPC, with its codec and without what only pages say', async () => {
    const headers = ['Accept', '*/*', 'X-Grpc-Web', '1', 'X-Word', 'w', 'Content-Length', '8']
    const { sent } = await call('application/grpc-web+proto', response(200), headers)
    expect(sent.headers.pairs).toEqual([
      ...['Content-Type', 'application/grpc+proto', 'X-Word', 'w', 'Content-Length', '8'],
    ])
  })

  it('as text has another length', async () => {
    const { sent } = await call('application/grpc-web-text', response(200), ['Content-Length', '12'])
    expect(sent.headers.pairs).toEqual(['Content-Type', 'application/grpc'])
    expect(sent.body).toBeInstanceOf(DecodedBody)
  })

  it.each(['application/grpc', 'application/json'])('of the type %s is no such call', async (type) => {
    const answered = response(200, 'Content-Type', 'application/grpc', 'grpc-status', '0')
    const { sent, answer } = await call(type, answered)
    expect(sent.headers.get('content-type')).toBe(type)
    expect(answer).toBe(answered)
  })
})

describe('an answer to it', () => {
  it('that is none of gRPC stays as it is', async () => {
    const answered = response(502, 'Content-Type', 'text/html')
    expect((await call('application/grpc-web', answered)).answer).toBe(answered)
  })

  it('that failed in a head that is all there is stays one', async () => {
    const answered = response(200, 'Content-Type', 'application/grpc', 'grpc-status', '5')
    const { answer } = await call('application/grpc-web', answered)
    expect(answer.headers.pairs).toEqual(['Content-Type', 'application/grpc-web', 'grpc-status', '5'])
    expect(answer.body).toBe(answered.body)
  })

  it('that is a success without a message has its status behind the empty body', async () => {
    const pairs = ['Content-Type', 'application/grpc+proto; x=y', 'grpc-status', '0', 'content-length', '0']
    const { answer } = await call('application/grpc-web-text', response(200, ...pairs))
    expect(answer.headers.pairs).toEqual(['Content-Type', 'application/grpc-web-text+proto'])
    expect(answer.body).toBeInstanceOf(WebBody)
  })
})

/** A service's body that the test feeds by hand, and what comes out of it for the page. */
function feed(facts = { trailers: [] as string[], asText: false }) {
  const out = { chunks: [] as Buffer[], ended: undefined as readonly string[] | undefined, failed: '' }
  let inner: BodySink | undefined
  const stream = (sink: BodySink) => {
    inner = sink
  }
  const body = { stream } as unknown as ResponseBody
  new WebBody(body, facts).stream({
    write: (chunk) => out.chunks.push(chunk) > 0,
    end: (trailers) => void Object.assign(out, { ended: trailers }),
    fail: ({ code }) => void Object.assign(out, { failed: code }),
  })
  return { out, service: inner!, text: () => Buffer.concat(out.chunks).toString('latin1') }
}

describe('a body for a page', () => {
  it('ends with a frame of its trailers, and with none of HTTP', () => {
    const { out, service, text } = feed()
    service.write(MESSAGE)
    service.end(['Grpc-Status', '0', 'x-a', 'b'])
    expect(text()).toBe(`${MESSAGE.toString('latin1')}\x80\0\0\0\x18grpc-status: 0\r\nx-a: b\r\n`)
    expect(out.ended).toEqual([])
  })

  it('that breaks between two messages says why', () => {
    const { out, service, text } = feed()
    service.write(MESSAGE)
    service.fail(new GatewayError('UPSTREAM_RESET'))
    expect(text()).toContain('grpc-status: 14\r\n')
    expect(out.ended).toEqual([])
  })

  it.each([1, 4, 7])('that breaks %i bytes into a message is cut', (length) => {
    const { out, service } = feed()
    service.write(MESSAGE.subarray(0, length))
    service.fail(new GatewayError('UPSTREAM_RESET'))
    expect(out).toMatchObject({ failed: 'UPSTREAM_RESET', ended: undefined })
  })

  it('as text is padded for each piece, so that no message waits for the next', () => {
    const { out, service } = feed({ trailers: ['grpc-status', '0'], asText: true })
    service.write(MESSAGE)
    expect(out.chunks.map(String)).toEqual([MESSAGE.toString('base64')])
    service.end([])
    expect(Buffer.from(String(out.chunks[1]), 'base64').toString('latin1')).toContain('grpc-status: 0')
  })
})

describe('messages', () => {
  it('are followed through any pieces', () => {
    const stream = Buffer.concat([MESSAGE, Buffer.from([0, 0, 0, 0, 0]), MESSAGE])
    const ends = new Set([8, 13, 21])
    for (let size = 1; size <= stream.length; size++) {
      const scan = new MessageScan()
      for (let at = 0; at < stream.length; at += size) {
        scan.take(stream.subarray(at, at + size))
        const passed = Math.min(at + size, stream.length)
        expect(scan.isBetween).toBe(ends.has(passed))
      }
    }
  })
})

describe('a body as text', () => {
  const decoded = async (text: string, size: number) => {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    const source = { open: () => Readable.from(pieces.map((piece) => Buffer.from(piece))) }
    const chunks: Buffer[] = []
    for await (const chunk of new DecodedBody(source as unknown as RequestBody).open())
      chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString()
  }

  it('is decoded in any pieces, padded in the middle or not', async () => {
    for (let size = 1; size <= 12; size++) {
      expect(await decoded('YQ==YmM=ZGVm', size)).toBe('abcdef')
      expect(await decoded('YWJjZGVm', size)).toBe('abcdef')
    }
  })

  it.each(['YQ=', 'Y', '****', 'YQ==*', 'Y=Q=', 'YQ\n='])(
    'that is no base64 is refused: %j',
    async (text) => {
      await expect(decoded(text, 3)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    },
  )

  it('gives up the client when the service does', async () => {
    const client = new Readable({ read() {} })
    const open = new DecodedBody({ open: () => client } as unknown as RequestBody).open()
    open.on('error', () => {})
    open.destroy()
    await new Promise((resolve) => client.once('close', resolve))
    expect(client.destroyed).toBe(true)
  })

  it('is as present, as replayable and as bounded as what came', () => {
    const asked: unknown[] = []
    const source = {
      present: true,
      replayable: false,
      awaitsClient: true,
      awaitsContinue: false,
      headers: new HeaderList(),
      retain: (bytes: number) => asked.push(['retain', bytes]),
      limit: (bytes: number) => asked.push(['limit', bytes]),
    }
    const body = new DecodedBody(source as unknown as RequestBody)
    body.retain(1)
    body.limit(2)
    expect(body).toMatchObject({ present: true, replayable: false, awaitsClient: true, length: undefined })
    expect(asked).toEqual([
      ['retain', 1],
      ['limit', 2],
    ])
  })
})
