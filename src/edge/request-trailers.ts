// The trailers of a request: whether the client announced any, and what of them may go to a service.
import { HeaderList } from '../headers.ts'
import { createHeaderRules } from './header-rules.ts'

const ruleFor = createHeaderRules()

/** RFC 9110 section 6.6.2: who sends trailers says so. A body that nobody announced any for needs no frame more. */
export function announcesTrailers(rawHeaders: readonly string[]): boolean {
  return new HeaderList(rawHeaders as string[]).has('trailer')
}

/** The hygiene of the head: what a client may not say there, it may not say behind its body either. */
export function forwardableTrailers(rawTrailers: readonly string[]): string[] {
  const pairs: string[] = []
  for (let at = 0; at < rawTrailers.length; at += 2) {
    if (ruleFor(rawTrailers[at]!) === 'forward') pairs.push(rawTrailers[at]!, rawTrailers[at + 1]!)
  }
  return pairs
}
