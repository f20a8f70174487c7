// The opening handshake: what RFC 6455 section 4.2.1 wants, and nothing that could be read in two ways.

import { describe, expect, it } from 'vitest'
import type { ClientRequest } from '../../../src/edge/client-request.ts'
import { assertHandshake } from '../../../src/edge/web-socket-handshake.ts'
import type { GatewayError } from '../../../src/errors.ts'

const HEADERS = {
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}
const NO_BODY = { contentLength: undefined, chunked: false }

function refusal(
  change: Record<string, string | undefined>,
  { method = 'GET', ...framing }: { method?: string; contentLength?: number; chunked?: boolean } = {},
): GatewayError | undefined {
  const fields = Object.entries({ ...HEADERS, ...change })
  const rawHeaders = fields.flatMap(([name, value]) => (value === undefined ? [] : [name, value].flat()))
  const request = { method, rawHeaders, head: { ...NO_BODY, ...framing } } as unknown as ClientRequest
  try {
    assertHandshake(request)
    return undefined
  } catch (thrown) {
    return thrown as GatewayError
  }
}

describe('a handshake', () => {
  it('is taken as browsers send it', () => {
    expect(refusal({})).toBeUndefined()
    expect(refusal({ upgrade: 'WebSocket' })).toBeUndefined()
    expect(refusal({}, { contentLength: 0 })).toBeUndefined()
  })

  it.each([
    ['a list of protocols', { upgrade: 'websocket, h2c' }, {}],
    ['no key', { 'sec-websocket-key': undefined }, {}],
    ['a key of 15 bytes', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j' }, {}],
    ['a key that is not base64', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25j!!==' }, {}],
    ['two keys', { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==' }, {}],
    ['POST', {}, { method: 'POST' }],
    ['a body', {}, { contentLength: 3 }],
    ['a chunked body', {}, { chunked: true }],
  ])('with %s is a bad request that says why', (_name, change, request) => {
    expect(refusal(change, request)).toMatchObject({ code: 'BAD_REQUEST', detail: expect.any(String) })
  })

  it.each(['8', '12', '13, 13', '013', undefined])(
    'of the version %s is told which one is spoken',
    (version) => {
      const refused = refusal({ 'sec-websocket-version': version })!
      expect(refused).toMatchObject({ code: 'WEBSOCKET_VERSION_NOT_SUPPORTED', status: 426 })
      expect(refused.headers).toEqual([
        ...['Upgrade', 'websocket', 'Connection', 'Upgrade'],
        ...['Sec-WebSocket-Version', '13'],
      ])
    },
  )
})
