// Reads a JSON object that has exactly one meaning: valid UTF-8 and no member twice.

// ignoreBOM keeps a byte order mark, which JSON.parse then refuses (RFC 8259 section 8.1).
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"|[{}[\]]/g

/** The object, or undefined when the bytes are anything else. */
export function parseJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const text = UTF8.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return hasRepeatedMember(text) ? undefined : (value as Record<string, unknown>)
  } catch {
    return undefined
  }
}

// RFC 7519 section 4: two `exp` would let the gateway and the service read different ones.
function hasRepeatedMember(validJson: string): boolean {
  const seen = new Set<string>()
  let depth = 0
  for (const match of validJson.matchAll(STRING_OR_BRACKET)) {
    const [token] = match
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && isFollowedByColon(validJson, match.index + token.length)) {
      const name: string = JSON.parse(token)
      if (seen.has(name)) return true
      seen.add(name)
    }
  }
  return false
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from
  while (' \t\r\n'.includes(text.charAt(at)) && at < text.length) at++
  return text[at] === ':'
}
