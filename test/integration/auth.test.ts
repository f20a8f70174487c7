// Authentication end to end: real keys and tokens through a real gateway; what is refused never reaches the service.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { ecKey, encode, jwkOf, jwkSet, rsaKey, signTexts, signToken } from '../support/tokens.ts'

const SECRET = 'a-shared-secret-of-more-than-32-bytes'
const rs = rsaKey('rs-1')
const ps = rsaKey('ps-1', { algorithm: 'PS256' })
const es = ecKey('es-1')
const foreign = rsaKey('rs-1')
const API_KEY = 'partner-key-0123456789'

let target: TargetServer
let gateway: TestGateway

beforeAll(async () => {
  target = await startTarget()
  const config = `
accessLog: false
auth:
  hs: { type: jwt, issuer: https://idp.test, audience: gw, secret: "\${secret:HS}" }
  idp: { type: jwt, issuer: https://idp.test, audience: gw, jwksFile: ./jwks.json, algorithms: [RS256, PS256, ES256], claimsToHeaders: { X-Plan: plan } }
  partner: { type: apiKey, header: x-api-key, query: api_key }
consumers:
  acme: { apiKey: "\${secret:ACME}", tier: gold, scopes: [orders:read] }
services:
  api:
    targets: [${target.url}]
    routes:
      hs: { match: /hs/*, auth: hs }
      idp: { match: /idp/*, auth: idp }
      scoped: { match: /scoped/*, auth: { use: idp, scopes: [orders:read] } }
      key: { match: /key/*, auth: partner }
      rewritten: { match: /rewritten/*, auth: partner, rewrite: /v2/* }
      either: { match: /either/*, auth: [idp, partner] }
      open: { match: /open/*, auth: none }
`
  gateway = await startTestGateway(config, {
    env: { HS: SECRET, ACME: API_KEY },
    files: { 'jwks.json': jwkSet(rs, ps, es, jwkOf(rs, { kid: 'enc-1', use: 'enc' })) },
  })
})

beforeEach(() => {
  target.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

const call = (path: string, token?: string) =>
  gateway.get(path, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

describe('a good token', () => {
  it.each([
    ['HS256', '/hs/a', signToken({ key: SECRET })],
    ['RS256', '/idp/a', signToken({ key: rs })],
    ['PS256', '/idp/a', signToken({ key: ps })],
    ['ES256', '/idp/a', signToken({ key: es })],
  ])('of %s is served and names its consumer to the service', async (_algorithm, path, token) => {
    expect((await call(path, token)).status).toBe(200)
    expect(target.seen[0]!.headers['x-consumer-id']).toBe('user-1')
  })

  it('replaces every identity header from outside', async () => {
    const headers = {
      authorization: `Bearer ${signToken({ key: rs })}`,
      'x-consumer-id': 'root',
      x_consumer_id: 'root',
    }
    await gateway.get('/idp/a', { headers })
    expect(target.seen[0]!.rawHeaders.filter((field) => field === 'root')).toEqual([])
  })
})

describe('a bad token', () => {
  const claims = encode(
    JSON.stringify({ iss: 'https://idp.test', aud: 'gw', sub: 'root', exp: 4_000_000_000 }),
  )
  const unsigned = (alg: string) => `${encode(JSON.stringify({ alg, typ: 'JWT', kid: 'rs-1' }))}.${claims}.`
  const now = Math.floor(Date.now() / 1000)
  const confused = (secret: string) =>
    signTexts(
      JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: 'rs-1' }),
      Buffer.from(claims, 'base64url').toString(),
      secret,
      'HS256',
    )

  it.each([
    ['none at all', undefined],
    ['alg: none', unsigned('none')],
    ['alg: nOnE', unsigned('nOnE')],
    ['HS256 signed with the public RSA key as PEM', confused(rs.pem)],
    ['HS256 signed with the public RSA key as JWK', confused(JSON.stringify(jwkOf(rs)))],
    ['an unknown kid', signToken({ key: rs, header: { kid: 'rs-2' } })],
    ['the kid of another key type', signToken({ key: es, header: { kid: 'rs-1' } })],
    ['the kid of a key for encryption', signToken({ key: rs, header: { kid: 'enc-1' } })],
    ['a signature of another key', signToken({ key: foreign })],
    ['another audience', signToken({ key: rs, claims: { aud: 'other' } })],
    ['another issuer', signToken({ key: rs, claims: { iss: 'https://idp.test/' } })],
    ['an exp in the past', signToken({ key: rs, claims: { exp: now - 60 } })],
    ['no exp', signToken({ key: rs, claims: { exp: undefined } })],
    ['an nbf in the future', signToken({ key: rs, claims: { nbf: now + 60 } })],
    ['RS384 where it is not listed', signToken({ key: rs, algorithm: 'RS384' })],
    ['two parts', signToken({ key: rs }).split('.').slice(0, 2).join('.')],
    ['padding', `${signToken({ key: rs })}=`],
    ['9 KB', signToken({ key: rs, claims: { long: 'x'.repeat(9000) } })],
  ])('with %s is 401 and never reaches the service', async (_name, token) => {
    const response = await call('/idp/a', token)
    expect(response.status).toBe(401)
    expect(response.headers['www-authenticate']).toMatch(/^Bearer/)
    expect(response.json()).toMatchObject({ code: 'UNAUTHENTICATED', source: 'client' })
    expect(target.seen).toEqual([])
  })

  it('gets the same body whatever is wrong with it', async () => {
    const tokens = [signToken({ key: foreign }), signToken({ key: rs, claims: { exp: now - 60 } })]
    const bodies = await Promise.all(tokens.map(async (token) => (await call('/idp/a', token)).json()))
    const [one, two] = bodies.map(({ requestId: _id, ...rest }) => rest)
    expect(one).toEqual(two)
  })
})

describe('scopes', () => {
  it('that are missing are 403 and named in the challenge', async () => {
    const response = await call('/scoped/a', signToken({ key: rs, claims: { scope: 'orders:write' } }))
    expect(response.status).toBe(403)
    expect(response.headers['www-authenticate']).toContain('error="insufficient_scope"')
    expect(response.headers['www-authenticate']).toContain('scope="orders:read"')
    expect(target.seen).toEqual([])
  })

  it('that are there let the request through', async () => {
    expect((await call('/scoped/a', signToken({ key: rs, claims: { scope: 'a orders:read' } }))).status).toBe(
      200,
    )
  })
})

describe('an API key', () => {
  it('names its consumer and never reaches the service itself', async () => {
    expect((await gateway.get('/key/a', { headers: { 'x-api-key': API_KEY } })).status).toBe(200)
    expect(target.seen[0]!.headers).toMatchObject({ 'x-consumer-id': 'acme', 'x-consumer-tier': 'gold' })
    expect(target.seen[0]!.rawHeaders.join()).not.toContain(API_KEY)
  })

  it.each([[''], ['wrong-key-0123456789'], [`${API_KEY}x`], [API_KEY.toUpperCase()], [`${API_KEY}, other`]])(
    'such as "%s" is 401',
    async (key) => {
      expect((await gateway.get('/key/a', { headers: { 'x-api-key': key } })).status).toBe(401)
      expect(target.seen).toEqual([])
    },
  )

  it('in the query is taken out of it, also when the path is rewritten', async () => {
    expect((await gateway.get(`/rewritten/a?x=1&api_key=${API_KEY}`)).status).toBe(200)
    expect(target.seen[0]!.url).toBe('/v2/a?x=1')
  })

  it('or a token: any provider of a list is enough', async () => {
    expect((await gateway.get('/either/a', { headers: { 'x-api-key': API_KEY } })).status).toBe(200)
    expect((await call('/either/a', signToken({ key: es }))).status).toBe(200)
    expect((await call('/either/a')).status).toBe(401)
  })
})

describe('auth: none', () => {
  it('lets everybody in, and still strips identity headers', async () => {
    await gateway.get('/open/a', { headers: { 'x-consumer-id': 'root', 'x-plan': 'gold' } })
    expect(target.seen[0]!.headers).not.toHaveProperty('x-consumer-id')
    expect(target.seen[0]!.headers).not.toHaveProperty('x-plan')
  })
})

describe('a rotated key file', () => {
  it('is taken without a reload, and the old key is refused once it is gone', async () => {
    const next = rsaKey('rs-next')
    writeFileSync(join(dirname(gateway.file), 'jwks.json'), jwkSet(next))
    await expect.poll(async () => (await call('/idp/a', signToken({ key: next }))).status).toBe(200)
    expect((await call('/idp/a', signToken({ key: ps, claims: { jti: 'fresh' } }))).status).toBe(401)
  })
})
