// Who may talk to the admin API: the right host name, the right token, and for changes a deliberate request.
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Clock } from '../plugin.ts'
import { type AdminAnswer, problem } from './admin-answer.ts'
import { tokenMatcher } from './admin-token.ts'
import { createAttemptLimit } from './attempt-limit.ts'

/** A web page cannot send it to another site without asking first, and the answer to that is no. */
const DELIBERATE = 'x-turnpike-admin'
const BEARER = /^bearer +([\x21-\x7e]+)$/i

/** The refusal, or undefined when the request may go on. */
export type Guard = (request: IncomingMessage) => AdminAnswer | undefined

/** Without a token it is on loopback, open to everybody on this machine. */
export function createGuard(clock: Clock, token: string | undefined): Guard {
  const authenticate = token === undefined ? () => undefined : authenticator(token, clock)
  return (request) =>
    isOwnHost(request.headers.host)
      ? (authenticate(request) ?? forgery(request))
      : problem(403, 'This name does not belong to the admin listener')
}

/** DNS rebinding needs a name that the attacker owns; an address or localhost is never one. */
function isOwnHost(header: string | undefined): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::\d{1,5})?$/.exec(header ?? '') ?? []
  if (bracketed !== undefined) return isIP(bracketed) === 6
  const host = (plain ?? '').toLowerCase()
  return isIP(host) === 4 || host === 'localhost'
}

function authenticator(token: string, clock: Clock): Guard {
  const matches = tokenMatcher(token)
  const limit = createAttemptLimit(clock)
  return ({ headers, socket }) => {
    const address = socket.remoteAddress ?? ''
    const wait = limit.waitSeconds(address)
    if (wait > 0) return { status: 429, headers: { 'retry-after': String(wait) } }
    const given = BEARER.exec(headers.authorization ?? '')?.[1]
    if (given !== undefined && matches(given)) return undefined
    if (given !== undefined) limit.failed(address)
    return { status: 401, headers: { 'www-authenticate': 'Bearer realm="turnpike admin"' } }
  }
}

function forgery({ method, headers }: IncomingMessage): AdminAnswer | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined
  if (headers[DELIBERATE] === undefined) {
    return problem(403, `A change needs the header ${DELIBERATE}: 1`)
  }
  const site = headers['sec-fetch-site']
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none'
  return foreign || isForeign(headers.origin, headers.host)
    ? problem(403, 'A change must not come from another site')
    : undefined
}

function isForeign(origin: string | undefined, host: string | undefined): boolean {
  return origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase()
}
