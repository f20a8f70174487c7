// Values as text: on one line when they are short, else one line for each.

const MAX_LINE = 100

/** A single line without a path, or lines that each start with the path of a value. */
export function valueLines(value: unknown): readonly string[] {
  const text = inline(value)
  return text.length <= MAX_LINE || !isContainer(value) ? [text] : spread('', value)
}

function spread(path: string, value: object): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    const line = `${at}: ${inline(inner)}`
    return line.length <= MAX_LINE || !isContainer(inner) ? [line] : spread(at, inner)
  })
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  if (!isContainer(value)) return JSON.stringify(value) ?? ''
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${pairs.map(([key, inner]) => `${key}: ${inline(inner)}`).join(', ')}}`
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
