// Sends a share of the exchanges to the canary targets; with a sticky key the same caller stays on its side.
import type { Exchange } from '../../plugin.ts'
import type { CanarySettings } from '../settings.ts'
import type { Target } from '../target.ts'
import type { Balancer } from './balancer.ts'

const HASH_RANGE = 2 ** 32

/** Chooses the side of one exchange. */
export type SideChooser = (exchange: Exchange) => 'stable' | 'canary'

export function createSideChooser(settings: CanarySettings, random: () => number): SideChooser {
  const keyOf = stickyKey(settings.stickyBy)
  return (exchange) => {
    const key = keyOf?.(exchange)
    const point = key === undefined ? random() : fnv1a(key) / HASH_RANGE
    return point < settings.percent ? 'canary' : 'stable'
  }
}

/** The canary's pick, or the stable side's when no canary target is fit: a bad canary costs nobody an answer. */
export function pickCanary(
  canary: Balancer,
  stable: Balancer,
  tried: ReadonlySet<string>,
): Target | undefined {
  const target = canary.pick(tried)
  return target?.isAvailable() && !tried.has(target.url) ? target : stable.pick(tried)
}

function stickyKey(by: string | undefined): ((exchange: Exchange) => string | undefined) | undefined {
  if (by === undefined) return undefined
  if (by === 'ip') return (exchange) => exchange.clientIp
  if (by === 'consumer') return (exchange) => exchange.consumer?.id ?? exchange.clientIp
  const [kind, name = ''] = by.split(':')
  const lower = name.toLowerCase()
  if (kind === 'header') return (exchange) => exchange.headers.get(lower) ?? exchange.clientIp
  return (exchange) => readCookie(exchange.headers.get('cookie'), name) ?? exchange.clientIp
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const equals = part.indexOf('=')
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim()
  }
  return undefined
}

/** 32-bit FNV-1a with a final mix, or near keys would land on the same side together. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
