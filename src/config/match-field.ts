// What a route matches: `GET|POST /orders/:id`, or a map for hosts, headers and query.
import { METHODS } from 'node:http'
import { z } from 'zod'
import { isFieldName } from '../headers.ts'
import { hosts } from './host-field.ts'
import { path, readPath } from './path-field.ts'
import { suggest } from './suggest.ts'
import { type Refusal, textField } from './text-field.ts'

export interface RouteMatch {
  readonly path: string
  readonly methods: readonly string[]
  readonly hosts: readonly string[]
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly query: readonly { readonly name: string; readonly value: string }[]
}

// CONNECT asks for a tunnel and TRACE mirrors credentials; the gateway carries neither.
const KNOWN_METHODS = METHODS.filter((method) => method !== 'CONNECT' && method !== 'TRACE')
const COMMON_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const KNOWN: ReadonlySet<string> = new Set(KNOWN_METHODS)
const NONE: readonly never[] = []

const method = textField((text) => readMethod(text) ?? { value: text })

const headerName = z
  .string()
  .refine(isFieldName, { error: ({ input }) => `${JSON.stringify(input)} is not a header name` })

export const matchText = textField((text) => readMatch(text))

export const matchMap = z.strictObject({
  path: path.describe('The path: `/a`, `/a/:id` or `/a/*`.'),
  methods: z.array(method).min(1).optional().describe('The methods; any without it.'),
  host: hosts.optional().describe("Narrows the service's hosts."),
  headers: z
    .record(headerName, z.string())
    .optional()
    .describe('Headers that must have exactly these values.'),
  query: z
    .record(z.string(), z.string())
    .optional()
    .describe('Query parameters that must have exactly these values.'),
})

export function toMatch(map: z.output<typeof matchMap>): RouteMatch {
  return {
    path: map.path,
    methods: [...new Set(map.methods ?? NONE)],
    hosts: map.host ?? NONE,
    headers: Object.entries(map.headers ?? {}).map(([name, value]) => ({ name: name.toLowerCase(), value })),
    query: Object.entries(map.query ?? {}).map(([name, value]) => ({ name, value })),
  }
}

/** `[METHOD[|METHOD] ]/path`. */
export function readMatch(text: string): { readonly value: RouteMatch } | Refusal {
  const space = text.indexOf(' ')
  const written = space < 0 ? '' : text.slice(0, space)
  const pattern = text.slice(space + 1).trim()
  if (space < 0 && KNOWN.has(text.toUpperCase())) {
    return { message: `${JSON.stringify(text)} has no path`, hint: `write "${text.toUpperCase()} /path"` }
  }
  const methods = written === '' ? NONE : [...new Set(written.split('|'))]
  for (const one of methods) {
    const refusal = readMethod(one)
    if (refusal) return refusal
  }
  return readPath(pattern) ?? { value: { path: pattern, methods, hosts: NONE, headers: NONE, query: NONE } }
}

function readMethod(text: string): Refusal | undefined {
  if (KNOWN.has(text)) return undefined
  const upper = text.toUpperCase()
  const message = `${JSON.stringify(text)} is not a method`
  if (KNOWN.has(upper)) return { message, hint: `write ${upper}` }
  return {
    message,
    hint:
      upper === 'CONNECT' || upper === 'TRACE'
        ? `the gateway does not carry ${upper}`
        : suggest(text, COMMON_METHODS),
  }
}
