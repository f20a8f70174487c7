// `${VAR}`, `${VAR:-default}`, `${file:PATH}` and `${secret:NAME}`: how they are written and read.

export type Placeholder =
  | { readonly kind: 'env'; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'unknown'; readonly text: string }

/** As it is written. */
export type PlaceholderText = `\${${string}}`

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const SECRET_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/** `$${` stands for a plain `${`. */
export const PLACEHOLDER = /\$\$\{|\$\{([^}]*)\}/g

/** What stands between the braces. */
export function parsePlaceholder(body: string): Placeholder {
  const [head, rest] = split(body, ':-')
  if (NAME.test(head)) return { kind: 'env', name: head, fallback: rest }
  const [scheme, target] = split(body, ':')
  if (scheme === 'file' && target) return { kind: 'file', path: target }
  if (scheme === 'secret' && target && SECRET_NAME.test(target)) return { kind: 'secret', name: target }
  return { kind: 'unknown', text: body }
}

/** For a TypeScript config: an environment variable, read when the config is loaded. */
export function env(name: string, fallback?: string): PlaceholderText {
  if (!NAME.test(name))
    throw new TypeError(`not the name of an environment variable: ${JSON.stringify(name)}`)
  if (fallback?.includes('}')) throw new TypeError(`the fallback of env("${name}") may not hold a "}"`)
  return fallback === undefined ? `\${${name}}` : `\${${name}:-${fallback}}`
}

/** For a TypeScript config: a secret, never shown in a message or a dump. */
export function secret(name: string): PlaceholderText {
  if (!SECRET_NAME.test(name)) throw new TypeError(`not the name of a secret: ${JSON.stringify(name)}`)
  return `\${secret:${name}}`
}

function split(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)]
}
