// The trailers of a request: whether the client announced any, and what of them may go to a service.
import { type FieldNames, HeaderList, mayTrail } from '../headers.ts'
import { createHeaderRules } from './header-rules.ts'

const ruleFor = createHeaderRules()

/** RFC 9110 section 6.6.2: who sends trailers says so. A body that nobody announced any for needs no frame more. */
export function announcesTrailers(rawHeaders: readonly string[]): boolean {
  return new HeaderList(rawHeaders as string[]).has('trailer')
}

/** The hygiene of the head, as services merge the two. `refused` are names that only plugins may set for a service. */
export function forwardableTrailers(rawTrailers: readonly string[], refused: FieldNames): string[] {
  const pairs: string[] = []
  for (let at = 0; at < rawTrailers.length; at += 2) {
    const name = rawTrailers[at]!
    if (ruleFor(name) !== 'forward' || !mayTrail(name.toLowerCase()) || refused.has(name)) continue
    pairs.push(name, rawTrailers[at + 1]!)
  }
  return pairs
}
