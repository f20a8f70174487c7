// A request head for HTTP/2: pseudo headers first, names in lower case, nothing that belongs to one connection.
import { isHopByHop } from '../../headers.ts'

export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly scheme: string
  /** Used when no Host is among the headers. */
  readonly authority: string
}

/** Flat pairs as node:http2 takes them. Host becomes `:authority` (RFC 9113 section 8.3.1). */
export function toRequestHead(line: RequestLine, pairs: readonly string[]): string[] {
  const head = [':method', line.method, ':scheme', line.scheme, ':authority', line.authority]
  head.push(':path', line.path)
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]!.toLowerCase()
    if (name === 'host') head[5] = pairs[at + 1]!
    else if (!isHopByHop(name)) head.push(name, pairs[at + 1]!)
  }
  // The gateway itself takes trailers; some gRPC servers refuse whoever does not say so (RFC 9113 section 8.2.2).
  head.push('te', 'trailers')
  return head
}
