// Host patterns: `api.example.com`, `*.example.com`, and any host when a route names none.
import { domainToASCII } from 'node:url'
import { PatternError } from './route-pattern.ts'

export interface HostPattern {
  readonly kind: 'exact' | 'wildcard' | 'any'
  /** The host, the suffix behind `*.`, or ''. */
  readonly name: string
}

export const ANY_HOST: HostPattern = { kind: 'any', name: '' }

const KIND_RANK = { exact: 0, wildcard: 1, any: 2 } as const

/** Parses one host of a match; international names become their ASCII form. Throws a PatternError. */
export function parseHostPattern(host: string): HostPattern {
  const wildcard = host.startsWith('*.')
  const name = domainToASCII(wildcard ? host.slice(2) : host).replace(/\.$/, '')
  if (name === '' || name.includes('*') || /[:/?#@\s]/.test(host.replace(/^\[[^\]]*\]$/, ''))) {
    throw new PatternError(
      `${JSON.stringify(host)} is not a host: write api.example.com or *.example.com, without scheme and port`,
    )
  }
  return { kind: wildcard ? 'wildcard' : 'exact', name }
}

/** `parseHostPattern` with a memory: many routes share few hosts, and international names cost. */
export function hostParser(): (host: string) => HostPattern {
  const parsed = new Map<string, HostPattern>()
  return (host) => {
    const known = parsed.get(host) ?? parseHostPattern(host)
    parsed.set(host, known)
    return known
  }
}

export function hostMatches(pattern: HostPattern, host: string): boolean {
  if (pattern.kind === 'any') return true
  if (pattern.kind === 'exact') return pattern.name === host
  return host.length > pattern.name.length + 1 && host.endsWith(`.${pattern.name}`)
}

/** Negative when `a` comes first: exact, then the longest wildcard, then any. */
export function compareHosts(a: HostPattern, b: HostPattern): number {
  return KIND_RANK[a.kind] - KIND_RANK[b.kind] || b.name.length - a.name.length
}

export function hostText(pattern: HostPattern): string {
  if (pattern.kind === 'any') return '*'
  return pattern.kind === 'exact' ? pattern.name : `*.${pattern.name}`
}
