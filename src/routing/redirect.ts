// Redirects: the Location that a client is sent to instead of a service.
import { GatewayError } from '../errors.ts'
import { isCanonicalPath, percentEncode } from './canonical-path.ts'
import { compilePathTemplate } from './path-template.ts'
import { PatternError } from './route-pattern.ts'

export interface RedirectSettings {
  /** `/new/*`, `/orders/:id`, `https://example.com/*`. */
  readonly to: string
  readonly status: number
}

export interface Redirect {
  readonly status: number
  /** The Location, with the client's query. `query` is raw with its `?`, or ''. */
  location(canonicalPath: string, query: string): string
}

const STATUSES = [301, 302, 303, 307, 308]
const TARGET = /^(?<site>https?:\/\/[^/?#]*)?(?<path>[^?#]*)(?<query>\?[^#]*)?(?<fragment>#.*)?$/i
// RFC 3986 section 2: what may stand in a URI as it is. Everything else could end the field or the URL.
const UNSAFE = /[^\x21-\x7e]|["<>\\^`{|}]/gu

/** Throws a PatternError for settings that do not fit the pattern. */
export function compileRedirect(pattern: string, { to, status }: RedirectSettings): Redirect {
  if (!STATUSES.includes(status)) {
    throw new PatternError(`${status} is not a redirect: use ${STATUSES.slice(0, -1).join(', ')} or 308`)
  }
  const { site = '', path = '', query = '', fragment = '' } = TARGET.exec(to)?.groups ?? {}
  const template = compilePathTemplate(pattern, site !== '' && path === '' ? '/' : path)
  const start = site === '' ? '' : checkedSite(site)
  refuseTemplate(pattern, query + fragment)
  const end = fragment.replace(UNSAFE, percentEncode)
  const own = query.replace(UNSAFE, percentEncode)
  return {
    status,
    location: (canonicalPath, sent) =>
      start + checked(template(canonicalPath)) + joinQueries(own, encodeSent(sent)) + end,
  }
}

// A path of two slashes would be another site for a browser (RFC 3986 section 4.2).
function checked(path: string): string {
  if (isCanonicalPath(path)) return path.replace(UNSAFE, percentEncode)
  throw new GatewayError('INVALID_PATH', {
    detail: 'The path cannot be redirected without changing its meaning',
  })
}

function joinQueries(own: string, sent: string): string {
  if (sent.length < 2) return own || sent
  return own.length < 2 ? sent : `${own}&${sent.slice(1)}`
}

// It would be sent as it is, to whoever counts on it.
function refuseTemplate(pattern: string, end: string): void {
  const segments = pattern.split('/')
  const found = end.match(/:\w+|\*$/g)?.find((part) => segments.includes(part))
  if (found !== undefined) throw new PatternError(`"${found}" is filled in only in the path, not in "${end}"`)
}

function checkedSite(site: string): string {
  const url = URL.canParse(site) ? new URL(site) : undefined
  // The URL standard takes a star for a letter of a host.
  if (url && url.username === '' && url.password === '' && !site.includes('*')) return url.origin
  throw new PatternError(
    `"${site}" is not a site to redirect to: write https://example.com, without user or password`,
  )
}

// A request target comes as latin1, a byte a character; percent-encoding it as UTF-8 would make two of one.
function encodeSent(text: string): string {
  return text.replace(UNSAFE, (char) =>
    char <= '\xff' ? percentEncode(Buffer.from(char, 'latin1')) : percentEncode(char),
  )
}
