// Trailer fields of a client: what goes on to the service.
import { describe, expect, it } from 'vitest'
import { announcesTrailers, forwardableTrailers } from '../../../src/edge/request-trailers.ts'
import { FieldNames, NO_NAMES } from '../../../src/headers.ts'

describe('the trailers of a request', () => {
  it('go on as they came', () => {
    const pairs = ['X-Sum', '1', 'x-sum', '2', 'X-Empty', '']
    expect(forwardableTrailers(pairs, NO_NAMES)).toEqual(pairs)
  })

  it.each([
    ...['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Type', 'Authorization', 'Cookie', 'Range'],
    ...['Connection', 'TE', 'Trailer', 'Proxy-Authorization', 'Expect', 'Max-Forwards', 'If-Match'],
    ...[
      'X-User-Id',
      'X_User_Id',
      'X-Forwarded-For',
      'X-Real-IP',
      'Via',
      'X-Request-Id',
      'X-HTTP-Method-Override',
    ],
  ])('%s does not', (name) => {
    expect(forwardableTrailers([name, '1', 'X-A', '1'], NO_NAMES)).toEqual(['X-A', '1'])
  })

  it('do not go on under a name that only plugins may set', () => {
    const refused = new FieldNames(['X-Tenant'])
    expect(forwardableTrailers(['x-TENANT', 'forged', 'X-A', '1'], refused)).toEqual(['X-A', '1'])
  })
})

it('are announced by a Trailer field in any case', () => {
  expect(announcesTrailers(['Host', 'a', 'tRaIlEr', 'X-Sum'])).toBe(true)
  expect(announcesTrailers(['Host', 'a', 'X-Trailer', 'X-Sum'])).toBe(false)
})
