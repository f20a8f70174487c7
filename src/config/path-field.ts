// Path patterns of a match: `/a`, `/a/:id`, `/a/*`.
import { type Refusal, textField } from './text-field.ts'

export const path = textField((text) => readPath(text) ?? { value: text })

const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/
// With path parameters too (`..;x`), which some servers cut off before they resolve dots.
const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;.*)?$/i
// What the edge refuses in a request, so that no two servers read a path in two ways: / \ ? # controls, and a
// second escape.
const REFUSED_ESCAPE = /%(?:2f|5c|3f|23|7f|[01][0-9a-f]|25[0-7][0-9a-f])/i
const MAX_PATH_LENGTH = 2048

/** Why `written` is not a path pattern. */
export function readPath(written: string): Refusal | undefined {
  const refuse = (why: string, hint?: string) => ({
    message: `the path ${JSON.stringify(written)} ${why}`,
    hint,
  })
  if (!written.startsWith('/')) return refuse('must start with "/"', `write "/${written}"`)
  if (/[?#\\\s]/.test(written)) return refuse('holds "?", "#", "\\" or a space', 'a path has none of them')
  if (written.length > MAX_PATH_LENGTH) return refuse(`is longer than ${MAX_PATH_LENGTH} characters`)
  const [refused] = REFUSED_ESCAPE.exec(written) ?? []
  if (refused) {
    const hint = /^%2f/i.test(refused)
      ? 'write :name or /* where a request may have it, and encodedSlashes: allow'
      : 'the gateway answers such a request with INVALID_PATH before any route'
    return refuse(`holds "${refused}" and can never match`, hint)
  }
  const segments = written.slice(1).split('/')
  const star = segments.findIndex(
    (segment, at) => segment.includes('*') && !(segment === '*' && at === segments.length - 1),
  )
  if (star >= 0)
    return refuse('may hold "*" only as its last segment', 'write /a/* for /a and everything below')
  if (segments.slice(0, -1).includes('')) return refuse('has an empty segment', 'remove the "//"')
  if (segments.some((segment) => DOT_SEGMENT.test(segment))) return refuse('has a "." or ".." segment')
  return readParameters(segments, refuse)
}

function readParameters(
  segments: readonly string[],
  refuse: (why: string, hint?: string) => Refusal,
): Refusal | undefined {
  const names = segments.filter((segment) => segment.startsWith(':'))
  const odd = names.find((name) => !PARAMETER.test(name))
  if (odd !== undefined) return refuse(`has the parameter "${odd}"`, 'write :id, of letters, digits and _')
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  return twice === undefined
    ? undefined
    : refuse(`names "${twice}" twice`, 'give each parameter its own name')
}
