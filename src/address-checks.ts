// Checks of the addresses that the gateway listens on: each its own, and none for administration open to others.
import { isIP } from 'node:net'
import { adminToken } from './admin/admin-token.ts'
import { parseAddress } from './config/address-field.ts'
import type { Configuration, ConfigurationCheck, LoadOptions } from './config/configuration.ts'
import type { ConfigFault } from './config/fault.ts'
import { isLoopback, parseListenAddress } from './listen-address.ts'

type AddressKey = 'listen' | 'status' | 'admin'

const VARIABLES: Readonly<Record<AddressKey, string>> = {
  listen: 'TURNPIKE_LISTEN',
  status: 'TURNPIKE_STATUS',
  admin: 'TURNPIKE_ADMIN',
}

export const addressChecks: readonly ConfigurationCheck[] = [sharedAddresses, openAdmin]

const PAIRS: readonly (readonly [AddressKey, AddressKey])[] = [
  ['listen', 'status'],
  ['listen', 'admin'],
  ['status', 'admin'],
]

function sharedAddresses(configuration: Configuration, options: LoadOptions): readonly ConfigFault[] {
  return PAIRS.flatMap(([first, second]): ConfigFault[] => {
    if (!overlap(addressOf(first, configuration, options), addressOf(second, configuration, options)))
      return []
    // The one that is written down: the other may be a default.
    const [key, other] = configuration.origins.has(second) ? [second, first] : [first, second]
    const message = `is the address of "${other}" as well`
    return [{ path: [key], message, hint: 'give each a port of its own' }]
  })
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [parseAddress(one), parseAddress(other)]
  if (!a || !b || a.port !== b.port || a.port === 0) return false
  return hostsOverlap(canonicalHost(a.host), canonicalHost(b.host))
}

function canonicalHost(host: string): string {
  if (host === '') return '::'
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase()
}

// `::` takes the IPv4 addresses with it, `0.0.0.0` leaves those of IPv6 alone.
function hostsOverlap(one: string, other: string): boolean {
  if (one === other || one === '::' || other === '::') return true
  return (one === '0.0.0.0' && isIP(other) !== 6) || (other === '0.0.0.0' && isIP(one) !== 6)
}

function openAdmin(configuration: Configuration, options: LoadOptions): readonly ConfigFault[] {
  const address = addressOf('admin', configuration, options)
  if (!parseAddress(address)) return []
  try {
    if (adminToken(options.env) !== undefined || isLoopback(parseListenAddress(address).host)) return []
  } catch (thrown) {
    return [{ path: ['admin'], message: (thrown as Error).message }]
  }
  const message = `${JSON.stringify(address)} can be reached from other machines, and there is no token`
  const hint = 'set TURNPIKE_ADMIN_TOKEN or TURNPIKE_ADMIN_TOKEN_FILE, or write 127.0.0.1:9090'
  return [{ path: ['admin'], message, hint }]
}

/** Where it will listen: the command line wins, then the environment. */
function addressOf(key: AddressKey, configuration: Configuration, options: LoadOptions): string {
  return options.addresses?.[key] || options.env[VARIABLES[key]] || configuration[key]
}
