// What happens to each request header by its name.
import { describe, expect, it } from 'vitest'
import { createHeaderRules } from '../../../src/edge/header-rules.ts'

const ruleFor = createHeaderRules()

describe('fields that belong to the connection', () => {
  it.each([
    'Keep-Alive',
    'Proxy-Authenticate',
    'Proxy-Authorization',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'HTTP2-Settings',
  ])('%s is dropped', (name) => {
    expect(ruleFor(name)).toBe('drop')
  })

  it.each([
    ['Connection', 'connection'],
    ['Upgrade', 'upgrade'],
    ['transfer-encoding', 'transfer-encoding'],
    ['CONTENT-LENGTH', 'content-length'],
    ['Expect', 'expect'],
    ['host', 'host'],
  ])('%s is read by the edge', (name, rule) => {
    expect(ruleFor(name)).toBe(rule)
  })
})

describe('fields by which a client would speak for somebody else', () => {
  it.each([
    ...[
      'X-Real-IP',
      'CF-Connecting-IP',
      'True-Client-IP',
      'X-Client-IP',
      'X-Cluster-Client-IP',
      'Fastly-Client-IP',
    ],
    ...['X-Original-URL', 'X-Rewrite-URL', 'X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'],
    ...['X-Original-Forwarded-For', 'X-Original-Host', 'X-Remote-Addr'],
    ...['X-User', 'X-User-Id', 'X-Username', 'X-Consumer-Id', 'X-Consumer-Username', 'X-Authenticated-User'],
    ...['X-Auth-Request-User', 'Remote-User', 'X-Remote-User', 'SSL-Client-Cert', 'X-SSL-Client-S-DN'],
    ...[
      'X-Client-Cert',
      'X-Client-Certificate',
      'X-Forwarded-User',
      'X-Forwarded-Email',
      'X-Forwarded-Prefix',
    ],
    ...[
      'X-Forwarded-Client-Cert',
      'X-Envoy-External-Address',
      'l5d-dst-override',
      'Dtab-Local',
      'Finagle-Ctx',
    ],
    ...['Client-IP', 'X-Originating-IP', 'X-ProxyUser-IP', 'Forwarded-For', 'X-Forwarded', 'X-Host'],
    ...['X-Original-Method', 'X-Original-URI', 'Front-End-Https', 'X-Url-Scheme', 'X-Scheme'],
    ...['X-Turnpike-Consumer', 'X-WebAuth-User'],
  ])('%s is dropped', (name) => {
    expect(ruleFor(name)).toBe('drop')
    expect(ruleFor(name.toUpperCase())).toBe('drop')
  })

  it.each(['X_User_Id', 'X_Forwarded_For', 'Content_Length', 'x-user_id', 'Harmless_Name', '_', 'HOST_'])(
    '%s is dropped: CGI reads an underscore as a hyphen',
    (name) => {
      expect(ruleFor(name)).toBe('drop')
    },
  )
})

describe('names with signs', () => {
  it.each([
    'X.User.Id',
    'X.Consumer-Id',
    'x!consumer!id',
    'X-Auth~Scopes',
    'Remote.User',
    'X.Forwarded.For',
    'X.Real.IP',
    'Content.Length',
    'Proxy!Authorization',
  ])('%s is dropped: a service may read a sign as a hyphen', (name) => {
    expect(ruleFor(name)).toBe('drop')
  })

  it.each(["X-!#$%&'*+-.^`|~", 'X.Custom', 'My.Agent'])('%s goes on: it could be nobody else', (name) => {
    expect(ruleFor(name)).toBe('forward')
  })
})

describe('fields that proxies in front say', () => {
  it.each([
    'Forwarded',
    'Via',
    'X-Request-Id',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Proto',
  ])('%s is kept apart', (name) => {
    expect(ruleFor(name)).toBe('forwarded')
  })

  it('X-Gateway-Attempt counts from trusted proxies only', () => {
    expect(ruleFor('X-Gateway-Attempt')).toBe('trusted-only')
  })
})

describe('everything else', () => {
  it.each([
    ...[
      'Accept',
      'Authorization',
      'Cookie',
      'Content-Type',
      'Content-Encoding',
      'User-Agent',
      'X-User-Agent',
    ],
    ...[
      'X-Custom',
      'Range',
      'If-None-Match',
      'Origin',
      'traceparent',
      'tracestate',
      'Max-Forwards',
      'grpc-timeout',
    ],
    ...['Sec-WebSocket-Key', 'X-Api-Key', 'Connections', 'Hosts', 'Vias', '__proto__x'.replaceAll('_', '-')],
  ])('%s goes on', (name) => {
    expect(ruleFor(name)).toBe('forward')
  })

  it('takes names of the language for plain names', () => {
    for (const name of ['constructor', 'toString', 'valueOf']) expect(ruleFor(name)).toBe('forward')
    expect(ruleFor('__proto__')).toBe('drop')
  })
})

describe('the memory', () => {
  it('stays right for a client that invents names without end', () => {
    const rules = createHeaderRules()
    for (let made = 0; made < 5000; made++) expect(rules(`x-made-${made}`)).toBe('forward')
    expect(rules('X-Real-IP')).toBe('drop')
    expect(rules('x-made-1')).toBe('forward')
  })
})
