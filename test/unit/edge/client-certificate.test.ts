// A client's certificate as a header field: whatever its issuer let into it, the field is one and means one thing.
import { describe, expect, it } from 'vitest'
import { certificateField } from '../../../src/edge/client-certificate.ts'
import { isFieldValue } from '../../../src/headers.ts'

const certificate = { subject: 'CN=a', fingerprint: 'ab', uris: [], dnsNames: [] }

describe('the field', () => {
  it('says what the certificate says', () => {
    expect(certificateField({ ...certificate, uris: ['spiffe://x/a'], dnsNames: ['a.test', 'b.test'] })).toBe(
      'Hash=ab;Subject="CN=a";URI="spiffe://x/a";DNS="a.test";DNS="b.test"',
    )
  })

  it.each(['CN="x";Hash=evil', 'CN=a\\', 'CN=a\r\nX-Evil: 1', 'CN=\0', 'CN=ä€😀', 'CN=\ud800'])(
    'holds a subject like %j inside its quotes',
    (subject) => {
      const field = certificateField({ ...certificate, subject })
      expect(isFieldValue(field)).toBe(true)
      expect(field).toMatch(/^Hash=ab;Subject="(?:[^"\\]|\\.)*"$/)
    },
  )
})
