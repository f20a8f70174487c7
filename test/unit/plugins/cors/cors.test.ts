// `cors`: what browsers are told.
import { describe, expect, it } from 'vitest'
import { cors } from '../../../../plugins/cors/cors.ts'
import { HeaderList, type ResponseHead } from '../../../../src/plugin.ts'
import { type FakeExchange, fakeExchange, responseHead } from './fake-exchange.ts'

const APP = 'https://app.test'
const LISTED = { origins: [APP, 'http://localhost:3000'] }

const hooksOf = (settings: unknown) => cors.create(cors.settings.parse(settings))

/** The CORS headers of a service's response, and its Vary. */
function told(settings: unknown, origin: string[], ...upstream: string[]) {
  const head = responseHead(200, ...upstream)
  const exchange = fakeExchange({ headers: origin.flatMap((value) => ['Origin', value]) })
  const hooks = hooksOf(settings)
  hooks.onRequest?.(exchange)
  hooks.onResponse?.(exchange, head)
  expect(exchange.answer).toBeUndefined()
  return asObject(head)
}

/** The answer to a preflight, as the engine would send it. */
function preflight(settings: unknown, ...asked: string[]) {
  const exchange = preflightExchange(asked)
  const hooks = hooksOf(settings)
  hooks.onRequest?.(exchange)
  const head = { status: exchange.answer!.status, headers: exchange.answer!.headers ?? new HeaderList() }
  hooks.onResponse?.(exchange, head)
  expect(exchange.answer!.body).toBeUndefined()
  return { status: head.status, ...asObject(head) }
}

function preflightExchange(asked: string[], method = 'OPTIONS'): FakeExchange {
  const headers = ['Origin', APP, 'Access-Control-Request-Method', 'PUT', ...asked]
  return fakeExchange({ method, headers })
}

function asObject({ headers }: ResponseHead): Record<string, string> {
  const names = headers.pairs.filter((_, at) => at % 2 === 0)
  return Object.fromEntries(names.map((name) => [name, headers.all(name.toLowerCase()).join(' | ')]))
}

describe('a response', () => {
  it('names the origin exactly when it is listed, and varies by it', () => {
    expect(told(LISTED, [APP])).toEqual({ 'Access-Control-Allow-Origin': APP, Vary: 'Origin' })
    expect(told(LISTED, ['http://localhost:3000'])).toEqual({
      'Access-Control-Allow-Origin': 'http://localhost:3000',
      Vary: 'Origin',
    })
  })

  it.each([
    'null',
    'https://app.test.evil.test',
    'https://evilapp.test',
    'http://app.test',
    'https://app.test:8443',
    'https://APP.test',
    'https://app.test/',
    '*',
    '',
  ])('does not name the origin %j, which is not listed', (origin) => {
    expect(told(LISTED, [origin])).toEqual({ Vary: 'Origin' })
  })

  it('varies by origin also where none was sent, for caches', () => {
    expect(told(LISTED, [])).toEqual({ Vary: 'Origin' })
  })

  it('names no origin when two were sent', () => {
    expect(told(LISTED, [APP, APP])).toEqual({ Vary: 'Origin' })
  })

  it('is for every origin with "*", and the same for all of them', () => {
    const expected = { 'Access-Control-Allow-Origin': '*' }
    expect(told({ origins: '*' }, ['https://any.test'])).toEqual(expected)
    expect(told({ origins: '*' }, [])).toEqual(expected)
  })

  it('allows credentials and lets scripts read headers when that is configured', () => {
    const settings = { ...LISTED, credentials: true, exposeHeaders: ['X-Request-Id', 'RateLimit'] }
    expect(told(settings, [APP])).toEqual({
      'Access-Control-Allow-Origin': APP,
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Expose-Headers': 'X-Request-Id, RateLimit',
      Vary: 'Origin',
    })
    expect(told(settings, ['https://evil.test'])).toEqual({ Vary: 'Origin' })
  })

  it('carries none of the CORS headers that the service sent', () => {
    const upstream = [
      ...['access-control-allow-origin', '*', 'Access-Control-Allow-Origin', 'https://evil.test'],
      ...['Access-Control-Allow-Credentials', 'true', 'ACCESS-CONTROL-EXPOSE-HEADERS', '*'],
      ...['Access-Control-Allow-Private-Network', 'true', 'X-Kept', '1'],
    ]
    expect(told(LISTED, [APP], ...upstream)).toEqual({
      'X-Kept': '1',
      'Access-Control-Allow-Origin': APP,
      Vary: 'Origin',
    })
    expect(told(LISTED, ['https://evil.test'], ...upstream)).toEqual({ 'X-Kept': '1', Vary: 'Origin' })
  })

  it('keeps the Vary of the service', () => {
    const vary = (...lines: string[]) =>
      told(LISTED, [APP], ...lines.flatMap((line) => ['Vary', line]))['Vary']
    expect(vary('Accept-Encoding')).toBe('Accept-Encoding | Origin')
    expect(vary('Accept, origin')).toBe('Accept, origin')
    expect(vary('Accept', 'ORIGIN')).toBe('Accept | ORIGIN')
    expect(vary('*')).toBe('*')
  })

  it('of the gateway itself gets them too, so that scripts can read errors', () => {
    const problem = responseHead(429, 'Content-Type', 'application/problem+json')
    hooksOf(LISTED).onResponse?.(fakeExchange({ headers: ['Origin', APP] }), problem)
    expect(problem.headers.get('access-control-allow-origin')).toBe(APP)
  })
})

describe('a preflight', () => {
  it('is answered with 204 and what was asked for, without a service', () => {
    expect(preflight(LISTED, 'Access-Control-Request-Headers', 'content-type,x-a')).toEqual({
      status: 204,
      Vary: 'Origin | Access-Control-Request-Method, Access-Control-Request-Headers',
      'Access-Control-Allow-Origin': APP,
      'Access-Control-Allow-Methods': 'PUT',
      'Access-Control-Allow-Headers': 'content-type,x-a',
      'Access-Control-Max-Age': '600',
    })
  })

  it('is answered with what is configured, whatever was asked for', () => {
    const settings = {
      ...LISTED,
      methods: ['GET', 'POST'],
      headers: ['Content-Type', 'X-B'],
      credentials: true,
      maxAge: '1h',
      exposeHeaders: ['X-C'],
    }
    expect(preflight(settings, 'Access-Control-Request-Headers', 'x-a')).toMatchObject({
      'Access-Control-Allow-Methods': 'GET, POST',
      'Access-Control-Allow-Headers': 'Content-Type, X-B',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Max-Age': '3600',
    })
    expect(preflight(settings)).not.toHaveProperty('Access-Control-Expose-Headers')
    expect(preflight({ ...settings, headers: [] })).not.toHaveProperty('Access-Control-Allow-Headers')
  })

  it('of an origin that is not listed is answered too, with nothing allowed', () => {
    expect(preflight({ origins: ['https://other.test'] })).toEqual({
      status: 204,
      Vary: 'Origin | Access-Control-Request-Method, Access-Control-Request-Headers',
    })
  })

  it('with "*" does not vary by origin', () => {
    expect(preflight({ origins: '*' })).toMatchObject({
      Vary: 'Access-Control-Request-Method, Access-Control-Request-Headers',
      'Access-Control-Allow-Origin': '*',
    })
  })

  it('into a private network is denied', () => {
    const answer = preflight(LISTED, 'Access-Control-Request-Private-Network', 'true')
    expect(answer).not.toHaveProperty('Access-Control-Allow-Private-Network')
  })

  it('echoes nothing that is no list of tokens', () => {
    for (const asked of ['x-a;x-b', '*', 'x-a,,x-b', 'a b', '"x"', 'x-a,', `${'a'.repeat(50_000)};`]) {
      const answer = preflight(LISTED, 'Access-Control-Request-Headers', asked)
      expect(answer).not.toHaveProperty('Access-Control-Allow-Headers')
    }
  })

  it('is only what has the method OPTIONS and both headers; other requests go on', () => {
    const hooks = hooksOf(LISTED)
    const others = [
      preflightExchange([], 'PUT'),
      fakeExchange({ method: 'OPTIONS', headers: ['Origin', APP] }),
      fakeExchange({ method: 'OPTIONS', headers: ['Access-Control-Request-Method', 'PUT'] }),
    ]
    for (const exchange of others) {
      hooks.onRequest?.(exchange)
      expect(exchange.answer).toBeUndefined()
    }
  })
})

describe('settings', () => {
  const faults = (settings: unknown) =>
    cors.settings.safeParse(settings).error?.issues.map(({ path, message }) => [path.join('.'), message])

  it('refuse credentials for every origin', () => {
    const check = (settings: unknown) => cors.check(cors.settings.parse(settings))
    expect(check({ origins: '*', credentials: true })).toEqual([
      {
        path: ['credentials'],
        message: 'credentials for every origin would let any site act as the user',
        hint: 'list the origins, or switch credentials off',
      },
    ])
    expect(check({ origins: '*' })).toEqual([])
    expect(check({ ...LISTED, credentials: true })).toEqual([])
  })

  it.each([
    'https://app.test/',
    'https://app.test/path',
    'https://APP.test',
    'https://app.test:443',
    'https://user@app.test',
    'https://*.app.test',
    'app.test',
    'null',
    '*',
    '',
  ])('refuse the origin %j, which no browser sends', (origin) => {
    const message =
      `${JSON.stringify(origin)} is not an origin as browsers send it: scheme, host and port alone, in lower ` +
      'case, like https://app.example.com'
    expect(faults({ origins: [APP, origin] })).toEqual([['origins.1', message]])
  })

  it.each(['https://app.test:8443', 'http://[::1]:3000', 'capacitor://localhost', 'chrome-extension://abc'])(
    'take the origin %s',
    (origin) => {
      expect(faults({ origins: [origin] })).toBeUndefined()
    },
  )

  it('refuse what is no method, header or list', () => {
    expect(faults({ ...LISTED, methods: ['get'] })).toEqual([['methods.0', '"get" is not a method like GET']])
    expect(faults({ ...LISTED, methods: ['*'] })).toEqual([['methods.0', '"*" is not a method like GET']])
    expect(faults({ ...LISTED, headers: ['X A'] })).toEqual([['headers.0', '"X A" is not a header name']])
    expect(faults({ ...LISTED, exposeHeaders: ['*'] })).toEqual([
      ['exposeHeaders.0', '"*" is not a header name'],
    ])
    expect(faults({ origins: APP })).toEqual([
      ['origins', 'expected "*" or a list of origins like https://app.example.com'],
    ])
    expect(faults({ ...LISTED, maxAge: 600 })).toEqual([
      ['maxAge', '600 is not a duration with a unit, like 10s or 500ms'],
    ])
  })
})
