// Prints a token that examples/auth.yaml accepts: `node examples/auth/token.ts [subject] [scope ...]`.
import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const LIFETIME_S = 3600

const [subject = 'alice', ...scopes] = process.argv.slice(2)
const privateKey = readFileSync(new URL('example-only-private-key.pem', import.meta.url), 'utf8')
const now = Math.floor(Date.now() / 1000)

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = encode({ alg: 'ES256', typ: 'JWT', kid: 'example-2026' })
const claims = encode({
  iss: 'https://id.example.com',
  aud: 'api',
  sub: subject,
  plan: 'gold',
  email: `${subject}@example.com`,
  scope: scopes.join(' '),
  iat: now,
  exp: now + LIFETIME_S,
})
const signature = sign('sha256', Buffer.from(`${header}.${claims}`), {
  key: privateKey,
  dsaEncoding: 'ieee-p1363',
})
console.log(`${header}.${claims}.${signature.toString('base64url')}`)
