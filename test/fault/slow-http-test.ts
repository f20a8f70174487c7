// slowhttptest, the usual tool for such attacks (a package of Debian), in place of the clients of this repository.
import { type ChildProcess, spawn } from 'node:child_process'
import { findProgram } from '../../bench/machine/programs.ts'

/** Slow heads, slow bodies, and readers that take 5 bytes a second: a process of it does one of them. */
const ATTACKS = [
  { kind: '-H', path: '/small' },
  { kind: '-B', path: '/upload' },
  { kind: '-X', path: '/big' },
] as const
/** Each keeps one connection beside those, to see whether the server still answers. */
export const PROBES = ATTACKS.length
/** Longer than any limit of the gateway. */
const MOST_SECONDS = 600

export interface SlowHttpTestOptions {
  readonly gateway: string
  /** Of each kind. */
  readonly count: number
  readonly perSecond: number
}

/** What it sends and how often is left to it. */
export class SlowHttpTest {
  readonly #running: readonly ChildProcess[]

  constructor({ gateway, count, perSecond }: SlowHttpTestOptions) {
    const program = findProgram('slowhttptest')
    if (program === undefined) throw new Error('slowhttptest is not installed: apt install slowhttptest')
    const args = ['-c', count, '-r', perSecond, '-l', MOST_SECONDS, '-v', 0].map(String)
    this.#running = ATTACKS.map(({ kind, path }) =>
      // Elsewhere it is on other machines: see the clients of this repository.
      spawn('chrt', ['--idle', '0', program, kind, ...args, '-u', `${gateway}${path}`], { stdio: 'ignore' }),
    )
  }

  stop(): void {
    for (const child of this.#running) child.kill('SIGINT')
  }
}
