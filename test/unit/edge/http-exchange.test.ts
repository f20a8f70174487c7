// An exchange over HTTP: its signal, its cancellation and its answer.
import { describe, expect, it, vi } from 'vitest'
import { clientClosed, type ExchangeFacts, HttpExchange } from '../../../src/edge/http-exchange.ts'
import { GatewayError } from '../../../src/errors.ts'
import { arrive } from './wire.ts'

const FACTS: ExchangeFacts = {
  id: 'id-1',
  startedAt: 1,
  scheme: 'https',
  host: 'gw.test',
  path: '/a',
  query: '?b',
  clientIp: '1.2.3.4',
  trusted: true,
  upstreamPairs: ['Host', 'gw.test'],
}

async function create(facts: Partial<ExchangeFacts> = {}): Promise<HttpExchange> {
  const { raw } = await arrive('GET /a?b HTTP/1.1\r\nHost: gw.test\r\n\r\n')
  return new HttpExchange(raw, { contentLength: undefined, chunked: false }, { ...FACTS, ...facts })
}

describe('an exchange', () => {
  it('has the facts of its arrival, and the request that follows from them', async () => {
    const exchange = await create()
    expect(exchange).toMatchObject({
      id: 'id-1',
      startedAt: 1,
      method: 'GET',
      scheme: 'https',
      host: 'gw.test',
      path: '/a',
      query: '?b',
      clientIp: '1.2.3.4',
      trusted: true,
      headers: { pairs: ['Host', 'gw.test'] },
    })
    const { request, body } = exchange
    expect(request).toMatchObject({
      exchange,
      method: 'GET',
      path: '/a?b',
      headers: { pairs: ['Host', 'gw.test'] },
    })
    expect(request.body).toBe(body)
  })

  it('starts with nothing decided', async () => {
    const exchange = await create()
    expect(exchange).toMatchObject({
      route: undefined,
      consumer: undefined,
      trace: undefined,
      answer: undefined,
      error: undefined,
      status: 0,
      malformed: false,
    })
    expect(Object.keys(exchange.params)).toEqual([])
    expect('constructor' in exchange.params).toBe(false)
  })

  it('that is refused already says why, and that its connection must end', async () => {
    const error = new GatewayError('INVALID_HOST')
    expect(await create({ error, last: true })).toMatchObject({ error, malformed: true })
  })

  it('keeps the answer that a plugin gave', async () => {
    const exchange = await create()
    exchange.respond({ status: 204 })
    expect(exchange.answer).toEqual({ status: 204 })
  })
})

describe('cancelling', () => {
  it('aborts the signal with the reason, once', async () => {
    const exchange = await create()
    const { signal } = exchange
    const reasons: unknown[] = []
    signal.addEventListener('abort', () => reasons.push(signal.reason))
    const reason = clientClosed()
    exchange.cancel(reason)
    exchange.cancel(new GatewayError('IDENTITY_UNAVAILABLE'))
    expect(reasons).toEqual([reason])
    expect(exchange.error).toBe(reason)
  })

  it('before anybody asked for the signal is told to who asks later', async () => {
    const exchange = await create()
    const reason = clientClosed()
    exchange.cancel(reason)
    expect(exchange.signal.aborted).toBe(true)
    expect(exchange.signal.reason).toBe(reason)
  })

  it('does not hide the error that was there before', async () => {
    const error = new GatewayError('UPSTREAM_RESET')
    const exchange = await create()
    exchange.error = error
    exchange.cancel(clientClosed())
    expect(exchange.error).toBe(error)
    expect(exchange.signal.reason).toMatchObject({ code: 'CLIENT_CLOSED', status: 499 })
  })

  it('calls back who has asked, once, and not who has taken it back', async () => {
    const exchange = await create()
    const heard: string[] = []
    const forgotten = () => heard.push('forgotten')
    exchange.onCancel(forgotten)
    exchange.onCancel(({ code }) => heard.push(code))
    exchange.offCancel(forgotten)
    exchange.cancel(new GatewayError('CLIENT_CLOSED'))
    exchange.cancel(new GatewayError('INTERNAL_ERROR'))
    expect(heard).toEqual(['CLIENT_CLOSED'])
    expect(exchange.cancelled).toMatchObject({ code: 'CLIENT_CLOSED' })
  })

  it('calls back all, also when one of them throws, which is told apart from them', async () => {
    const exchange = await create()
    const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementationOnce(() => {})
    const heard: string[] = []
    exchange.onCancel(() => {
      throw new Error('a plugin')
    })
    exchange.onCancel(({ code }) => heard.push(code))
    exchange.cancel(clientClosed())
    expect(heard).toEqual(['CLIENT_CLOSED'])
    expect(later.mock.calls[0]![0]).toThrow('a plugin')
    later.mockRestore()
  })

  it('gives the same signal to everybody', async () => {
    const exchange = await create()
    expect(exchange.signal).toBe(exchange.signal)
    expect(exchange.signal.aborted).toBe(false)
  })
})
