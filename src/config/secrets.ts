// The values that came from secrets, kept only to keep them out of everything that is printed.

/** Shorter ones would blank ordinary words; they are hidden where they stand alone in quotes. */
const MIN_BARE_LENGTH = 4
/** A message may show the start of a long value. */
const PREFIX_LENGTH = 24

export class Secrets {
  readonly #values = new Set<string>()

  add(value: string): void {
    if (value !== '') this.#values.add(value)
  }

  redact(text: string): string {
    let redacted = text
    // The longest first: one secret may be a part of another.
    for (const value of [...this.#values].sort((a, b) => b.length - a.length)) {
      redacted = hide(redacted, value)
    }
    return redacted
  }
}

function hide(text: string, value: string): string {
  const quoted = JSON.stringify(value)
  let hidden = text.replaceAll(quoted, '"***"')
  for (const form of new Set([value, quoted.slice(1, -1)])) {
    if (form.length >= MIN_BARE_LENGTH) hidden = hidden.replaceAll(form, '***')
    if (form.length > PREFIX_LENGTH) hidden = hidden.replaceAll(form.slice(0, PREFIX_LENGTH), '***')
  }
  return hidden
}
