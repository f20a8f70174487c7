// What takes part: a program in front of the backend, or nothing at all.
import type { Command } from '../processes/child.ts'

/** Where one start of a contestant lives. */
export interface Site {
  /** Its own, empty. */
  readonly folder: string
  readonly port: number
  readonly statusPort: number
  readonly adminPort: number
  readonly backendPort: number
}

export interface RequestShape {
  readonly method?: 'GET' | 'POST'
  readonly path?: string
  readonly bodyBytes?: number
}

export interface Contestant {
  readonly name: string
  /** Why it cannot take part on this machine. */
  readonly missing?: string | undefined
  /** Undefined: requests go to the backend itself. */
  readonly launch: ((site: Site) => Command) | undefined
  /** The heads that are sent in turn. */
  requests(shape?: RequestShape): readonly string[]
  /** The gateway's counter of requests that were served without doing all that they should have cost. */
  readonly shortcutMetric?: string
  /** Other processes that work for it and are counted apart, such as Redis. */
  readonly helpers?: Readonly<Record<string, readonly number[]>>
}
