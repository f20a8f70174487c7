// Who the client is: the peer, or what trusted proxies say of it (rightmost address that is not trusted).
import { addressFilter } from '../address-ranges.ts'
import { normalizeIp } from '../ip-address.ts'

/** Entries of X-Forwarded-For that are read; a longer list is cut from the left. */
const MAX_HOPS = 32

export interface ClientAddress {
  readonly ip: string
  /** True when the peer itself is a trusted proxy, so that its forwarded headers count. */
  readonly trusted: boolean
}

/** The only reader of forwarded addresses. `cidrs` are addresses or networks of proxies in front. */
export class TrustedProxies {
  /** Undefined: there are none. */
  readonly #isProxy: ((ip: string) => boolean) | undefined

  /** Throws a RangeError on something that is no address or network. */
  constructor(cidrs: readonly string[]) {
    this.#isProxy = cidrs.length === 0 ? undefined : addressFilter({ allow: cidrs })
  }

  /** True for the address of a trusted proxy. */
  trusts(address: string): boolean {
    return this.#isProxy?.(normalizeIp(address) ?? address) ?? false
  }

  /** `peer` is `Connection.peer`: spelled in the one way already. */
  resolve(peer: string, forwardedFor: readonly string[]): ClientAddress {
    if (!this.#isProxy?.(peer)) return { ip: peer, trusted: false }
    return { ip: this.#rightmostUntrusted(forwardedFor) ?? peer, trusted: true }
  }

  #rightmostUntrusted(forwardedFor: readonly string[]): string | undefined {
    const hops = forwardedFor.join(',').split(',').slice(-MAX_HOPS)
    let last: string | undefined
    for (let at = hops.length - 1; at >= 0; at--) {
      const ip = normalizeIp(hops[at]!.trim())
      // What stands left of something unreadable was written by who knows whom.
      if (ip === undefined) return last
      last = ip
      if (!this.#isProxy?.(ip)) return ip
    }
    return last
  }
}
