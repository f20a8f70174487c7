import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adminToken, tokenMatcher } from '../../../src/admin/admin-token.ts'

const TOKEN = '3f9c1a77e04b2d58'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'token')
  writeFileSync(path, text)
  return path
}

describe('the admin token', () => {
  it('comes from the environment, or from the file that it names', () => {
    expect(adminToken({ TURNPIKE_ADMIN_TOKEN: TOKEN })).toBe(TOKEN)
    expect(adminToken({ TURNPIKE_ADMIN_TOKEN_FILE: file(`${TOKEN}\n`) })).toBe(TOKEN)
    expect(adminToken({})).toBeUndefined()
  })

  it.each([
    ['', 'is shorter than 16 characters'],
    ['short', 'is shorter than 16 characters'],
    ['changeme', 'is shorter than 16 characters'],
    ['changeme-changeme-changeme', 'can be guessed'],
    ['please-Change_Me-now-1', 'can be guessed'],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', 'can be guessed'],
    ['two words of a token', 'has a character that cannot stand in a header'],
    ['tökentökentöken16', 'has a character that cannot stand in a header'],
  ])('is refused as %j: it %s', (token, weakness) => {
    expect(() => adminToken({ TURNPIKE_ADMIN_TOKEN: token })).toThrow(`TURNPIKE_ADMIN_TOKEN ${weakness}`)
  })

  it('is never shown in a refusal', () => {
    expect(() => adminToken({ TURNPIKE_ADMIN_TOKEN: 'canary' })).toThrow(/^(?!.*canary)/)
  })

  it('is refused when it is set twice, missing or far too long', () => {
    expect(() => adminToken({ TURNPIKE_ADMIN_TOKEN: TOKEN, TURNPIKE_ADMIN_TOKEN_FILE: 'x' })).toThrow(
      'not both',
    )
    expect(() => adminToken({ TURNPIKE_ADMIN_TOKEN_FILE: '/nowhere/token' })).toThrow(
      'TURNPIKE_ADMIN_TOKEN_FILE: cannot read /nowhere/token',
    )
    expect(() => adminToken({ TURNPIKE_ADMIN_TOKEN_FILE: file(TOKEN.repeat(1000)) })).toThrow(
      'too large for a token',
    )
  })

  it('matches itself and nothing else', () => {
    const matches = tokenMatcher(TOKEN)
    expect(matches(TOKEN)).toBe(true)
    for (const wrong of ['', TOKEN.slice(1), `${TOKEN}0`, TOKEN.toUpperCase()])
      expect(matches(wrong)).toBe(false)
  })
})
