// A zod text that is judged by a function, so that a fault can carry its fix.
import { z } from 'zod'

/** Why a text is refused. */
export interface Refusal {
  readonly message: string
  readonly hint?: string | undefined
}

/** `read` returns the value meant, or why the text is none. */
export function textField<T extends string | number | object>(
  read: (text: string) => { readonly value: T } | Refusal,
  /** Of a number where a text was meant. */
  numberMessage?: (number: number) => string,
) {
  const error = ({ input }: { readonly input?: unknown }) =>
    typeof input === 'number' ? numberMessage?.(input) : undefined
  return z.string({ error }).transform((text, refinement): T => {
    const outcome = read(text)
    if ('value' in outcome) return outcome.value
    refinement.addIssue({ code: 'custom', message: outcome.message, params: { hint: outcome.hint } })
    return z.NEVER
  })
}
