// Where nothing is connected to, by address or by name: there machines of a cloud keep their credentials.
import dns from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Link-local and cloud metadata: instance credentials for whoever makes the gateway ask (SSRF). */
const FORBIDDEN = new BlockList()
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4')
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6')
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6')

/** Of a host as `URL` spells it, before it is looked up: what a config may not say. */
export function isForbiddenHost(host: string): boolean {
  return host === 'metadata.google.internal' || isForbidden(host.replace(/^\[|\]$/g, ''))
}

/**
 * For `net.connect`, at each connection, as a name may lead elsewhere by the time that it is used (DNS rebinding): whoever
 * rules a name must not do better than whoever writes the config.
 */
export const guardedLookup: LookupFunction = (name, options, callback) => {
  dns.lookup(name, options, (error, found, family) => {
    const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found]
    const failure = error ?? (addresses.some(isForbidden) ? new ForbiddenAddressError(name) : null)
    callback(failure, found, family)
  })
}

function isForbidden(address: string): boolean {
  return FORBIDDEN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

class ForbiddenAddressError extends Error {
  readonly code = 'EACCES'

  constructor(name: string) {
    super(`${name} leads to a link-local or cloud metadata address`)
  }
}
