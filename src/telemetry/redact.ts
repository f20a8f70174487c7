// What may be logged of any value: secrets replaced, queries cut, depth and size bounded, errors by their facts.

const REDACTED = '[redacted]'
const MAX_DEPTH = 5
const MAX_ENTRIES = 100
const MAX_TEXT = 4096
const SECRET_KEY =
  /^(?:proxy-?authorization|authorization|set-?cookie|cookies?|query|pass(?:word|wd|phrase)?|credentials?|(?:[a-z]{1,20}[-_]?)?(?:secret|token|apikey|api[-_]key)|private[-_]?key|signature)$/i
const SCHEMES: ReadonlySet<string> = new Set(['bearer', 'basic', 'digest'])

/** A copy that is safe to write; never throws. */
export function safeFacts(facts: object): Record<string, unknown> {
  try {
    return safeEntries(facts, 0)
  } catch {
    return { facts: '[unreadable]' }
  }
}

/** Free text, such as a library's message: no credentials of a URL, no query, no bearer token. */
export function safeText(text: string): string {
  let previous = ''
  const kept = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text
  return kept.replace(/\S+/g, (word) => {
    const secret = SCHEMES.has(previous.toLowerCase())
    previous = word
    return secret || isJwt(word) ? REDACTED : safeWord(word)
  })
}

/** Header and payload are JSON objects, and base64url of `{"` is `eyJ`. By index: an expression would backtrack. */
function isJwt(word: string): boolean {
  const payload = word.indexOf('.eyJ')
  return payload > 0 && word.lastIndexOf('eyJ', payload) >= 0
}

function safeWord(word: string): string {
  const scheme = word.indexOf('://')
  const query = word.indexOf('?')
  const path = query > 0 && query < word.length - 1 && word.lastIndexOf('/', query) >= 0
  const open = path ? `${word.slice(0, query)}?${REDACTED}` : word
  if (scheme < 0) return open
  const authority = scheme + 3
  const slash = open.indexOf('/', authority)
  const at = open.lastIndexOf('@', slash < 0 ? open.length : slash)
  return at < authority ? open : `${open.slice(0, authority)}${REDACTED}${open.slice(at)}`
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (value instanceof Error) return safeError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (ArrayBuffer.isView(value)) return '[bytes]'
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((one) => safeValue(one, depth + 1))
  return safeEntries(value, depth)
}

function safeEntries(object: object, depth: number): Record<string, unknown> {
  if (object instanceof Error) return { error: safeError(object, depth) }
  const safe: [string, unknown][] = []
  for (const key of Object.keys(object).slice(0, MAX_ENTRIES)) {
    const value: unknown = (object as Record<string, unknown>)[key]
    safe.push([key, SECRET_KEY.test(key) && value !== undefined ? REDACTED : safeValue(value, depth + 1)])
  }
  return Object.fromEntries(safe)
}

/** Never the enumerable properties: ioredis puts the arguments of a command on its errors, AUTH included. */
function safeError(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as { readonly code?: unknown }
  return {
    type: error.name,
    message: safeText(error.message),
    ...(typeof code === 'string' && { code }),
    ...(error.stack !== undefined && { stack: safeText(error.stack) }),
    ...(error.cause !== undefined && { cause: safeValue(error.cause, depth + 1) }),
  }
}
