// Headers and trailers of an answer over HTTP/2: as they came, without what has no meaning beyond a connection.
import { HeaderList, isHopByHop, mayTrail } from '../../headers.ts'

/** `raw` begins with `:status`. */
export function readHeaders(raw: readonly string[]): HeaderList {
  return new HeaderList(chosen(raw.slice(2), (name) => !isHopByHop(name)))
}

/** Without what counts only in a head: recipients merge the two. */
export function readTrailers(raw: readonly string[]): string[] {
  return chosen(raw, mayTrail)
}

function chosen(raw: readonly string[], isPassed: (lowerName: string) => boolean): string[] {
  const pairs: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    if (isPassed(raw[at]!.toLowerCase())) pairs.push(raw[at]!, raw[at + 1]!)
  }
  return pairs
}
