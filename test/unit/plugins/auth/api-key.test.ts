// Which API keys are accepted, and that none of them goes any further.
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ApiKeyProvider } from '../../../../plugins/auth/api-key.ts'
import { bearer, challenges, fakeExchange, fakes, parseRoot, run } from './fakes.ts'

const KEY = 'acme-0123456789abcdef'
const OLD = 'acme-old-0123456789ab'
const OTHER = 'other-0123456789abcdef'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const consumers = {
  acme: { apiKey: [KEY, OLD], tier: 'gold', scopes: ['orders:read'] },
  hashed: { apiKey: `sha256:${sha256(OTHER)}` },
}
const header = { auth: { partner: { type: 'apiKey' } }, consumers }
const withQuery = { auth: { partner: { type: 'apiKey', query: 'api_key' } }, consumers }

async function statusOf(pairs: readonly string[], query = '', root: object = header): Promise<number> {
  const refusal = await run(fakes().route('partner', root), fakeExchange(pairs, query))
  return refusal?.status ?? 200
}

describe('an API key', () => {
  it('identifies its consumer, with tier and scopes', async () => {
    const exchange = fakeExchange({ 'X-Api-Key': KEY })
    expect(await run(fakes().route('partner', header), exchange)).toBeUndefined()
    expect(exchange.consumer).toEqual({ id: 'acme', tier: 'gold', scopes: ['orders:read'], claims: {} })
    expect(exchange.request.headers.pairs).toEqual([
      'X-Consumer-Id',
      'acme',
      'X-Consumer-Tier',
      'gold',
      'X-Auth-Scopes',
      'orders:read',
    ])
  })

  it('may be configured by its digest alone', async () => {
    const exchange = fakeExchange({ 'X-Api-Key': OTHER })
    expect(await run(fakes().route('partner', header), exchange)).toBeUndefined()
    expect(exchange.consumer?.id).toBe('hashed')
    expect(exchange.request.headers.has('x-consumer-tier')).toBe(false)
  })

  it('is accepted as the old and as the new one while both are listed', async () => {
    expect(await statusOf(['X-Api-Key', KEY])).toBe(200)
    expect(await statusOf(['X-Api-Key', OLD])).toBe(200)
  })

  it.each([
    ['an unknown key', ['X-Api-Key', 'unknown-0123456789abcd']],
    ['no key', []],
    ['an empty key', ['X-Api-Key', '']],
    ['another case', ['X-Api-Key', KEY.toUpperCase()]],
    ['a space before it', ['X-Api-Key', ` ${KEY}`]],
    ['a space after it', ['X-Api-Key', `${KEY} `]],
    ['a NUL after it', ['X-Api-Key', `${KEY}\0`]],
    ['a look-alike letter', ['X-Api-Key', KEY.replace('a', 'а')]],
    ['10 KB', ['X-Api-Key', 'k'.repeat(10_240)]],
    ['two keys in one header', ['X-Api-Key', `${KEY}, ${OTHER}`]],
    ['the header twice', ['X-Api-Key', KEY, 'x-api-key', KEY]],
    ['its digest', ['X-Api-Key', sha256(KEY)]],
    ['its digest as configured', ['X-Api-Key', `sha256:${sha256(KEY)}`]],
    ['the name of a consumer', ['X-Api-Key', 'acme']],
    ['a name of the prototype', ['X-Api-Key', '__proto__']],
    ['a bearer token', ['Authorization', `Bearer ${KEY}`]],
  ])('is refused with 401: %s', async (_, pairs) => {
    expect(await statusOf(pairs)).toBe(401)
  })

  it('is refused with the same answer, whether it is unknown or absent', async () => {
    const hooks = fakes().route('partner', header)
    const answers = [fakeExchange(), fakeExchange({ 'X-Api-Key': 'unknown-0123456789abcd' })].map(
      async (exchange) => {
        const refusal = await run(hooks, exchange)
        return [refusal?.code, refusal?.detail, challenges(refusal)]
      },
    )
    const [absent, unknown] = await Promise.all(answers)
    expect(absent).toEqual(['UNAUTHENTICATED', undefined, ['ApiKey']])
    expect(unknown).toEqual(absent)
  })

  it('is kept nowhere in clear', () => {
    const root = parseRoot(header)
    const provider = new ApiKeyProvider('p', [], root.consumers ?? {})
    const everything = JSON.stringify(root) + inspect(provider, { depth: 9, showHidden: true })
    expect(everything).not.toContain(KEY)
    expect(root.consumers?.['acme']?.apiKey).toEqual([sha256(KEY), sha256(OLD)])
  })

  it('is not even hashed beyond 512 characters', async () => {
    const fake = fakes()
    const hooks = fake.route('partner', header)
    for (const length of [512, 513]) await run(hooks, fakeExchange({ 'X-Api-Key': 'k'.repeat(length) }))
    expect(fake.logs.map(({ facts }) => facts)).toEqual([
      { provider: 'partner', requestId: 'r1', reason: 'unknown key' },
      { provider: 'partner', requestId: 'r1', reason: 'too long' },
    ])
  })

  it('appears in no log and no label', async () => {
    const fake = fakes()
    const hooks = fake.route('partner', withQuery)
    await run(hooks, fakeExchange({ 'X-Api-Key': `${KEY}x` }))
    await run(hooks, fakeExchange([], `?api_key=${KEY}x`))
    await run(hooks, fakeExchange({ 'X-Api-Key': KEY }))
    expect(JSON.stringify([fake.logs, [...fake.counts]])).not.toContain(KEY)
  })
})

describe('the way to the service', () => {
  it('is closed for the key, whatever the case of its header', async () => {
    const exchange = fakeExchange({ 'x-API-key': KEY, Accept: '*/*' })
    await run(fakes().route('partner', header), exchange)
    expect(exchange.request.headers.has('x-api-key')).toBe(false)
    expect(exchange.request.headers.get('accept')).toBe('*/*')
  })

  it.each([
    [`?api_key=${KEY}`, '/orders/1'],
    [`?a=1&api_key=${KEY}&b=%20`, '/orders/1?a=1&b=%20'],
    [`?api%5Fkey=${KEY}&a`, '/orders/1?a'],
    [`?api_key=${KEY.replace('-', '%2D')}&&c=d=e`, '/orders/1?&c=d=e'],
  ])('is closed for the query parameter: %s', async (query, path) => {
    const exchange = fakeExchange([], query)
    expect(await run(fakes().route('partner', withQuery), exchange)).toBeUndefined()
    expect(exchange.request.path).toBe(path)
  })
  it('needs no filter where no parameter may hold a key', () => {
    expect(fakes().route('partner', header).upstream).toBeUndefined()
  })

  it('leaves a query without the parameter byte for byte as it is', async () => {
    const exchange = fakeExchange({ 'X-Api-Key': KEY }, '?a=%zz&xapi_key=1&b=+&api_key2')
    expect(await run(fakes().route('partner', withQuery), exchange)).toBeUndefined()
    expect(exchange.request.path).toBe('/orders/1?a=%zz&xapi_key=1&b=+&api_key2')
  })
})

describe('a key in the query', () => {
  it('is not looked at unless the provider names the parameter', async () => {
    expect(await statusOf([], `?api_key=${KEY}`)).toBe(401)
  })

  it.each([
    ['twice', [], `?api_key=${KEY}&api_key=${KEY}`],
    ['in two spellings', [], `?api_key=${KEY}&api%5fkey=${KEY}`],
    ['beside the same key in the header', ['X-Api-Key', KEY], `?api_key=${KEY}`],
    ['beside another key in the header', ['X-Api-Key', OTHER], `?api_key=${KEY}`],
    ['empty', [], '?api_key='],
    ['without a value', [], '?api_key'],
    ['under the name in another case', [], `?API_KEY=${KEY}`],
  ])('is refused with 401: %s', async (_, pairs, query) => {
    expect(await statusOf(pairs, query, withQuery)).toBe(401)
  })
})

describe('the scopes of an API key', () => {
  it('are those of its consumer: a missing one is 403 and says which', async () => {
    const root = {
      ...header,
      consumers: { ...consumers, writer: { apiKey: 'writer-0123456789ab', scopes: ['w'] } },
    }
    const hooks = fakes().route({ use: 'partner', scopes: ['orders:read', 'w'] }, root)
    const refusal = await run(hooks, fakeExchange({ 'X-Api-Key': KEY }))
    expect(refusal?.code).toBe('INSUFFICIENT_SCOPE')
    expect(challenges(refusal)).toEqual(['ApiKey error="insufficient_scope", scope="orders:read w"'])
  })
})

describe('a header `authorization` for API keys', () => {
  it('takes the bare key', async () => {
    const root = { auth: { partner: { type: 'apiKey', header: 'Authorization' } }, consumers }
    expect(await statusOf(['Authorization', KEY], '', root)).toBe(200)
    const refusal = await run(fakes().route('partner', root), fakeExchange(bearer(KEY)))
    expect(refusal?.status).toBe(401)
  })
})
