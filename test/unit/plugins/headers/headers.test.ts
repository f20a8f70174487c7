// `headers`: what a service and a client get to see.
import { describe, expect, it } from 'vitest'
import { headers } from '../../../../plugins/headers/headers.ts'
import { fakeExchange, responseHead } from '../cors/fake-exchange.ts'

const hooks = (settings: unknown) => headers.create(headers.settings.parse(settings))
const onlyHooks = (settings: unknown) => {
  const [only, ...others] = hooks(settings)
  expect(others).toEqual([])
  return only!
}

function sentToService(request: unknown, pairs: string[]): readonly string[] {
  const exchange = fakeExchange({ headers: pairs })
  onlyHooks({ request }).onRequest?.(exchange)
  return exchange.request.headers.pairs
}

function sentToClient(response: unknown, ...pairs: string[]): readonly string[] {
  const head = responseHead(200, ...pairs)
  onlyHooks({ response }).onResponse?.(fakeExchange(), head)
  return head.headers.pairs
}

const faults = (settings: unknown) =>
  headers.settings.safeParse(settings).error?.issues.map(({ path, message }) => [path.join('.'), message])

describe('request and response headers', () => {
  it('are set: replaced where they were, every line of them, or added', () => {
    const pairs = ['X-A', 'old', 'Accept', '*/*', 'x-a', 'older']
    expect(sentToService({ set: { 'x-A': 'new', 'X-B': 'b' } }, pairs)).toEqual([
      ...['X-A', 'new', 'Accept', '*/*'],
      ...['X-B', 'b'],
    ])
    expect(sentToClient({ set: { Server: 'edge' } }, 'server', 'nginx/1.2')).toEqual(['server', 'edge'])
  })

  it('are added beside others of the same name', () => {
    expect(sentToClient({ add: { 'Set-Cookie': ['a=1', 'b=2'], 'X-A': 'x' } }, 'Set-Cookie', 'c=3')).toEqual([
      ...['Set-Cookie', 'c=3', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
      ...['X-A', 'x'],
    ])
  })

  it('are removed by name in any case, before others are added', () => {
    expect(
      sentToService({ remove: ['x-debug'], add: { 'X-Debug': 'no' } }, ['X-Debug', '1', 'A', 'b']),
    ).toEqual(['A', 'b', 'X-Debug', 'no'])
  })

  it('of the client stay as they were sent: only the copy for the service changes', () => {
    const exchange = fakeExchange({ headers: ['X-A', 'old'] })
    onlyHooks({ request: { remove: ['X-A'] } }).onRequest?.(exchange)
    expect(exchange.headers.pairs).toEqual(['X-A', 'old'])
  })

  it('are hooks only where they are configured: on the way in after identity, on the way out at the edge', () => {
    const placed = (settings: unknown) =>
      hooks(settings).map(({ stage, ...rest }) => [stage, Object.keys(rest)])
    const [inwards, outwards] = [
      ['request', ['onRequest']],
      ['edge', ['onResponse']],
    ]
    const changes = { remove: ['X-A'] }
    expect(placed({ request: changes })).toEqual([inwards])
    expect(placed({ response: changes })).toEqual([outwards])
    expect(placed({ request: changes, response: changes })).toEqual([inwards, outwards])
  })
})

describe('settings that would break a message are refused at load:', () => {
  it.each([
    'Connection',
    'keep-alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'proxy-authenticate',
    'TE',
    'trailer',
    'Transfer-Encoding',
    'upgrade',
    'HTTP2-Settings',
    'Content-Length',
    'Expect',
  ])('%s, in each place', (name) => {
    const message = `${name} belongs to the connection or frames the message: it cannot be changed`
    expect(faults({ request: { set: { [name]: 'x' } } })).toEqual([[`request.set.${name}`, message]])
    expect(faults({ response: { add: { [name]: 'x' } } })).toEqual([[`response.add.${name}`, message]])
    expect(faults({ request: { remove: [name] } })).toEqual([['request.remove.0', message]])
  })

  it('the host, which has its own key', () => {
    expect(faults({ request: { set: { Host: 'a.test' } } })).toEqual([
      ['request.set.Host', 'the host is part of the target: use rewrite: { host: ... }'],
    ])
  })

  it.each(['', 'X A', 'X:A', ':path', 'X\r\nY', 'caf\u00e9'])('the name %j', (name) => {
    const message = `${JSON.stringify(name)} is not a header name`
    expect(faults({ request: { set: { [name]: 'x' } } })).toEqual([[`request.set.${name}`, message]])
    expect(faults({ request: { remove: ['X-Ok', name] } })).toEqual([['request.remove.1', message]])
  })

  it.each(['a\r\nSet-Cookie: b', 'a\nb', 'a\u0000', '\u20ac', ' a', 'a '])('the value %j', (value) => {
    const message = 'a header value is visible ASCII on one line, without spaces around it'
    expect(faults({ request: { set: { 'X-A': value } } })).toEqual([['request.set.X-A', message]])
    expect(faults({ request: { add: { 'X-A': ['ok', value] } } })).toEqual([['request.add.X-A.1', message]])
  })

  it('a value that is no text', () => {
    expect(faults({ request: { set: { 'X-A': 1 } } })).toEqual([
      ['request.set.X-A', 'a header value is text: put it in quotes'],
    ])
  })

  it('a name that is said twice or set and removed', () => {
    expect(faults({ request: { set: { 'X-A': '1', 'x-a': '2' } } })).toEqual([
      ['request.set.x-a', 'x-a is named twice'],
    ])
    expect(faults({ request: { set: { 'X-A': '1' }, remove: ['x-b', 'x-a'] } })).toEqual([
      ['request.remove.1', 'x-a is set as well: set replaces it'],
    ])
  })

  it('nothing at all, and what is unknown', () => {
    expect(faults({})).toEqual([['', 'say at least one of request, response']])
    expect(faults({ request: { rename: {} } })?.[0]?.[0]).toBe('request')
  })
})
