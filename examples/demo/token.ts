// Signs the token that the demo prints: HS256 with a secret that is made anew at each start.
import { createHmac, randomBytes } from 'node:crypto'

const VALID_SECONDS = 24 * 3600

export function newSecret(): string {
  return randomBytes(32).toString('hex')
}

export function signToken(secret: string, epochSeconds: number): string {
  const claims = {
    iss: 'demo',
    aud: 'turnpike',
    sub: 'ada',
    scope: 'orders:read',
    iat: epochSeconds,
    exp: epochSeconds + VALID_SECONDS,
  }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
