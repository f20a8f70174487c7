// What a target may have seen of a case: the rules that the cases name, each as what is wrong or undefined.
import type { Http1Case } from './http1-cases.ts'
import { type LoggedRequest, valuesOf } from './logging-target.ts'

export type Complaint = string | undefined
type Seen = readonly LoggedRequest[]
type Rule = (seen: Seen, one: Http1Case) => Complaint

export const UPSTREAM_RULES: Readonly<Record<string, Rule>> = {
  none: nothing,
  // A request that began and broke off is in no log of whole requests.
  'incomplete-only': nothing,
  'none-or-close': nothing,
  ok: (seen, one) => exactlyOne(seen) ?? bodyIsWhole(seen, one) ?? obsTextIsKept(seen, one),
  'exactly-one': exactlyOne,
  'body-intact': (seen, one) => exactlyOne(seen) ?? bodyIsWhole(seen, one),
  'no-ext': (seen, one) => exactlyOne(seen) ?? bodyIsWhole(seen, one) ?? never(seen, /;a=b/, 'an extension'),
  'canonical-te': (seen) =>
    expectAll(seen, ({ pairs }) =>
      valuesOf(pairs, 'transfer-encoding').every((value) => value === 'chunked'),
    ),
  'no-underscore-alias': (seen) =>
    expectAll(seen, ({ pairs }) => !names(pairs).some((name) => name.includes('_'))),
  'no-trailer-merge': (seen) =>
    expectAll(seen, ({ pairs, trailers }) => {
      const forged = ['x-user-id', 'content-length', 'authorization']
      return !forged.some((name) => names(pairs).includes(name) || names(trailers).includes(name))
    }),
  'host-is-authority': (seen) =>
    expectAll(seen, ({ pairs }) => valuesOf(pairs, 'host').join() === 'evil.test'),
  'host-kept': (seen) => expectAll(seen, ({ pairs }) => valuesOf(pairs, 'host').join() === 'gw.test'),
  'gw-header-kept': (seen) =>
    exactlyOne(seen) ?? expectAll(seen, ({ pairs }) => valuesOf(pairs, 'x-gw-auth').join() === 'gateway'),
  'no-hop-by-hop': (seen) => exactlyOne(seen) ?? expectAll(seen, ({ pairs }) => isEndToEnd(pairs)),
  'no-upgrade': (seen) =>
    expectAll(
      seen,
      ({ pairs }) => !['upgrade', 'http2-settings'].some((name) => names(pairs).includes(name)),
    ),
  'no-override': (seen) =>
    expectAll(
      seen,
      ({ method, pairs }) => method === 'POST' && !names(pairs).includes('x-http-method-override'),
    ),
  'case-kept': (seen) => expectAll(seen, ({ target }) => target === '/ADMIN'),
  'not-admin': (seen) => expectAll(seen, ({ target }) => !/admin/i.test(decodedTwice(target))),
}

function nothing(seen: Seen): Complaint {
  return seen.length === 0 ? undefined : `reached the target: ${show(seen)}`
}

function exactlyOne(seen: Seen): Complaint {
  return seen.length === 1 ? undefined : `one request was due, ${seen.length} came: ${show(seen)}`
}

function bodyIsWhole(seen: Seen, one: Http1Case): Complaint {
  const body = one.raw_latin1?.includes('abc') ? 'abc' : ''
  return expectAll(seen, (request) => request.body === body)
}

function obsTextIsKept(seen: Seen, { raw_latin1 }: Http1Case): Complaint {
  if (!raw_latin1?.includes('\xff')) return undefined
  return expectAll(seen, ({ pairs }) => pairs.includes('a\xffb'))
}

function isEndToEnd(pairs: readonly string[]): boolean {
  const hopByHop = ['keep-alive', 'proxy-authorization', 'proxy-connection', 'proxy-authenticate', 'trailer']
  const te = valuesOf(pairs, 'te')
  return !hopByHop.some((name) => names(pairs).includes(name)) && te.every((value) => value === 'trailers')
}

function never(seen: Seen, pattern: RegExp, what: string): Complaint {
  return seen.some(({ raw }) => pattern.test(raw)) ? `${what} reached the target: ${show(seen)}` : undefined
}

function expectAll(seen: Seen, holds: (request: LoggedRequest) => boolean): Complaint {
  return seen.every(holds) ? undefined : `the target saw ${show(seen)}`
}

function names(pairs: readonly string[]): string[] {
  return pairs.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
}

function decodedTwice(target: string): string {
  const decode = (text: string) =>
    text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return decode(decode(target))
}

function show(seen: Seen): string {
  return JSON.stringify(seen.map(({ raw }) => raw.slice(0, 500)))
}
