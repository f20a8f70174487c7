// The checks that were made out lately: a key is put together, and hashed for those who look it up, once for many requests.
// Each time it took 0.6 of 41 us.
import type { Exchange, LimitCheck } from '../../src/plugin.ts'
import { checkOf, type Limit, type Quota } from './limit.ts'

/** Of all limits together, about 4 MB. Then all are forgotten, and made out again. */
const MAX_CHECKS = 10_000

/** A client chooses header values: longer ones are not kept. */
const MAX_LENGTH = 512

type Checks = Map<string, LimitCheck>

export class KnownChecks {
  readonly #names = new Map<Quota, Checks>()
  readonly #addresses = new Map<Quota, Checks>()
  #size = 0

  of(limit: Limit, quota: Quota, exchange: Exchange): LimitCheck {
    const name = limit.key.nameOf(exchange)
    const of = name ?? exchange.clientIp
    const known = name === undefined ? this.#addresses : this.#names
    const check = known.get(quota)?.get(of)
    if (check) return check
    const key = name === undefined ? limit.key.keyOfAddress(of) : limit.key.keyOfName(of)
    const made = checkOf(limit, quota, key)
    if (of.length <= MAX_LENGTH) this.#keep(known, { quota, of, check: made })
    return made
  }

  #keep(
    known: Map<Quota, Checks>,
    { quota, of, check }: { quota: Quota; of: string; check: LimitCheck },
  ): void {
    if (this.#size >= MAX_CHECKS) this.#forget()
    const checks = known.get(quota)
    if (checks) checks.set(of, check)
    else known.set(quota, new Map([[of, check]]))
    this.#size++
  }

  #forget(): void {
    this.#names.clear()
    this.#addresses.clear()
    this.#size = 0
  }
}
