// "did you mean": the known word that is nearest to a misspelt one.
import { closest, distance } from 'fastest-levenshtein'

const MAX_LISTED = 12

/** A hint for an unknown word: the nearest known one, else what is known. */
export function suggest(word: string, known: readonly string[], label = 'known'): string | undefined {
  if (known.length === 0) return undefined
  const lower = word.toLowerCase()
  const nearest = closest(
    lower,
    known.map((one) => one.toLowerCase()),
  )
  const found = known.find((one) => one.toLowerCase() === nearest)
  if (found && isNear(lower, nearest)) return `did you mean "${found}"?`
  return `${label}: ${list(known)}`
}

// Two letters of a short word are half of it, unless they only changed places.
function isNear(word: string, known: string): boolean {
  const typos = distance(word, known)
  const longest = Math.max(word.length, known.length)
  return typos <= Math.max(longest > 4 ? 2 : 1, Math.floor(longest / 3)) || letters(word) === letters(known)
}

function letters(word: string): string {
  return [...word].sort().join('')
}

function list(known: readonly string[]): string {
  const shown = known.slice(0, MAX_LISTED).join(', ')
  return known.length > MAX_LISTED ? `${shown} and ${known.length - MAX_LISTED} more` : shown
}
