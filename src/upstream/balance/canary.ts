// Sends a share of the exchanges to the canary targets; with a sticky key the same caller stays on its side.
import type { Exchange } from '../../plugin.ts'
import type { CanarySettings } from '../settings.ts'
import type { Target } from '../target.ts'
import type { Balancer } from './balancer.ts'

const HASH_RANGE = 2 ** 32

/** What a sticky key may be made from. */
export type Caller = Pick<Exchange, 'clientIp' | 'consumer' | 'headers'>

/** Chooses the side of one exchange. */
type SideChooser = (caller: Caller) => 'stable' | 'canary'

export function createSideChooser(settings: CanarySettings, random: () => number): SideChooser {
  const keyOf = stickyKey(settings.stickyBy)
  return (caller) => {
    const key = keyOf?.(caller)
    const point = key === undefined ? random() : fnv1a(key) / HASH_RANGE
    return point < settings.percent ? 'canary' : 'stable'
  }
}

/** The canary's pick, or the stable side's when no canary target is fit: a bad canary costs nobody an answer. */
export function pickCanary<T extends Target>(
  canary: Balancer<T>,
  stable: Balancer<T>,
  tried: ReadonlySet<string>,
): T | undefined {
  const target = canary.pick(tried)
  return target?.isAvailable() && !tried.has(target.url) ? target : stable.pick(tried)
}

function stickyKey(by: string | undefined): ((caller: Caller) => string | undefined) | undefined {
  if (by === undefined) return undefined
  if (by === 'ip') return ({ clientIp }) => clientIp
  if (by === 'consumer') return ({ consumer, clientIp }) => consumer?.id ?? clientIp
  const [kind, name = ''] = by.split(':')
  const lower = name.toLowerCase()
  if (kind === 'header') return ({ headers, clientIp }) => headers.get(lower) ?? clientIp
  return ({ headers, clientIp }) => readCookie(headers.get('cookie'), name) ?? clientIp
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
