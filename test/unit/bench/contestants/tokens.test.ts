// The tokens of the benchmark are real: signed, different, and verified by the key set beside them.
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { signedTokens } from '../../../../bench/contestants/tokens.ts'

describe('the tokens', () => {
  it('are a thousand different ones, made once', () => {
    const { tokens } = signedTokens()
    expect(new Set(tokens).size).toBe(1000)
    expect(signedTokens().tokens).toBe(tokens)
  })

  it('verify with the key of the set, and name a consumer each', () => {
    const { tokens, jwks } = signedTokens()
    const jwk: JsonWebKey = JSON.parse(jwks).keys[0]
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const [header, payload, signature] = tokens[17]!.split('.') as [string, string, string]
    const input = Buffer.from(`${header}.${payload}`)
    expect(verify('sha256', input, key, Buffer.from(signature, 'base64url'))).toBe(true)
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      sub: 'user-17',
      iss: 'https://id.bench.test',
      aud: 'bench',
    })
  })
})
