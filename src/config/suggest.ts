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
  if (found && distance(lower, nearest) <= Math.max(1, Math.floor(word.length / 3)))
    return `did you mean "${found}"?`
  return `${label}: ${list(known)}`
}

function list(known: readonly string[]): string {
  const shown = known.slice(0, MAX_LISTED).join(', ')
  return known.length > MAX_LISTED ? `${shown} and ${known.length - MAX_LISTED} more` : shown
}
