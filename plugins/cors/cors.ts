// The plugin `cors`: answers preflights itself, and tells browsers who may read a response.
import { type Exchange, type Fault, HeaderList, type Hooks, type Plugin } from '../../src/plugin.ts'
import { addVary } from './add-vary.ts'
import { type CorsSettings, settings } from './settings.ts'

export const cors = {
  name: 'cors',
  stage: 'edge',
  summary: 'Lets scripts of other origins call the route, and answers their preflights.',
  settings,
  check: findContradictions,
  create: createCors,
} satisfies Plugin<CorsSettings>

const OWN_HEADER = /^access-control-/i
// RFC 9110 section 5.6.1, without `*`: that one would be read as every name.
const TOKENS = /^[\w!#$%&'+\-.^`|~]+(?:[ \t]*,[ \t]*[\w!#$%&'+\-.^`|~]+)*$/
const REQUEST_METHOD = 'access-control-request-method'
const REQUEST_HEADERS = 'access-control-request-headers'

function findContradictions({ origins, credentials }: CorsSettings): readonly Fault[] {
  if (origins !== '*' || !credentials) return []
  return [
    {
      path: ['credentials'],
      message: 'credentials for every origin would let any site act as the user',
      hint: 'list the origins, or switch credentials off',
    },
  ]
}

function createCors(given: CorsSettings): Hooks {
  const policy = compilePolicy(given)
  return {
    onRequest(exchange) {
      // Before identity: a browser sends no credentials with a preflight.
      if (isPreflight(exchange)) exchange.respond({ status: 204, headers: new HeaderList() })
    },
    onResponse(exchange, { headers }) {
      removeOwnHeaders(headers)
      const origin = allowedOrigin(policy, exchange)
      const preflight = isPreflight(exchange)
      if (policy.origins !== undefined) addVary(headers, 'Origin')
      if (preflight) addVary(headers, 'Access-Control-Request-Method, Access-Control-Request-Headers')
      if (origin === undefined) return
      headers.append('Access-Control-Allow-Origin', origin)
      if (policy.credentials) headers.append('Access-Control-Allow-Credentials', 'true')
      if (preflight) permit(policy, exchange, headers)
      else if (policy.expose !== '') headers.append('Access-Control-Expose-Headers', policy.expose)
    },
  }
}

interface Policy {
  /** Undefined: every origin. */
  readonly origins: ReadonlySet<string> | undefined
  readonly credentials: boolean
  /** Undefined: whatever is asked for. */
  readonly methods: string | undefined
  readonly headers: string | undefined
  readonly expose: string
  readonly maxAge: string
}

function compilePolicy(given: CorsSettings): Policy {
  return {
    origins: given.origins === '*' ? undefined : new Set(given.origins),
    credentials: given.credentials,
    methods: given.methods?.join(', '),
    headers: given.headers?.join(', '),
    expose: given.exposeHeaders?.join(', ') ?? '',
    maxAge: String(Math.floor(given.maxAge / 1000)),
  }
}

function isPreflight({ method, headers }: Exchange): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has(REQUEST_METHOD)
}

// Two of them would have two readers: a service's own headers are replaced, never joined.
function removeOwnHeaders(headers: HeaderList): void {
  const names = headers.pairs.filter((text, at) => at % 2 === 0 && OWN_HEADER.test(text))
  for (const name of names) headers.remove(name)
}

function allowedOrigin({ origins }: Policy, { headers }: Exchange): string | undefined {
  // Without Origin too: a shared cache may hand this response to a script later.
  if (origins === undefined) return '*'
  const sent = headers.all('origin')
  return sent.length === 1 && origins.has(sent[0]!) ? sent[0] : undefined
}

// Access-Control-Allow-Private-Network is never sent: a public site gets no way into a private network.
function permit(policy: Policy, exchange: Exchange, headers: HeaderList): void {
  const methods = policy.methods ?? tokenList(exchange.headers.get(REQUEST_METHOD))
  const names = policy.headers ?? tokenList(exchange.headers.get(REQUEST_HEADERS))
  if (methods !== '') headers.append('Access-Control-Allow-Methods', methods)
  if (names !== '') headers.append('Access-Control-Allow-Headers', names)
  headers.append('Access-Control-Max-Age', policy.maxAge)
}

/** What was asked for, when it is a list of tokens and nothing else. */
function tokenList(asked = ''): string {
  return TOKENS.test(asked) ? asked : ''
}
