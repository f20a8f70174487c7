// Checks of the addresses that the gateway listens on: each its own, and none for administration open to others.
import { isIP } from 'node:net'
import { adminToken } from './admin/admin-token.ts'
import type { Configuration, ConfigurationCheck, LoadOptions } from './config/configuration.ts'
import type { ConfigFault } from './config/fault.ts'
import { isLoopback, readListenAddress } from './listen-address.ts'

const KEYS = ['listen', 'status', 'admin'] as const

type AddressKey = (typeof KEYS)[number]

const VARIABLES: Readonly<Record<AddressKey, string>> = {
  listen: 'TURNPIKE_LISTEN',
  status: 'TURNPIKE_STATUS',
  admin: 'TURNPIKE_ADMIN',
}

const TRUSTS_EVERYBODY = 'is everybody: any client may say that it is another one'

export const addressChecks: readonly ConfigurationCheck[] = [
  sharedAddresses,
  nowhereToConnect,
  distrustedProxies,
  trustedEverybody,
  openAdmin,
]

interface Place {
  readonly path: readonly string[]
  readonly address: string
}

function sharedAddresses(configuration: Configuration, options: LoadOptions): readonly ConfigFault[] {
  const places = placesOf(configuration, options)
  return places.flatMap((second, at) =>
    places
      .slice(0, at)
      .filter((first) => overlap(first.address, second.address))
      .map((first) => sharedFault(first, second, configuration)),
  )
}

/** Everywhere that this process will listen. */
function placesOf(configuration: Configuration, options: LoadOptions): readonly Place[] {
  const { listeners } = configuration
  return [
    ...KEYS.map((key) => ({ path: [key], address: addressOf(key, configuration, options) })),
    ...listeners.map(({ name, address }) => ({ path: ['listeners', name, 'address'], address })),
  ]
}

function sharedFault(first: Place, second: Place, { origins }: Configuration): ConfigFault {
  // The one that is written down: the other may be a default.
  const [place, other] = origins.has(second.path[0]!) ? [second, first] : [first, second]
  const message = `is the address of "${other.path.slice(0, 2).join('.')}" as well`
  return { path: place.path, message, hint: 'give each a port of its own' }
}

function nowhereToConnect(configuration: Configuration, options: LoadOptions): readonly ConfigFault[] {
  if (configuration.listeners.length > 0 || addressOf('listen', configuration, options) !== '') return []
  if (configuration.listen !== false) return []
  const message = 'there is nowhere left for clients to connect'
  return [{ path: ['listen'], message, hint: 'write an address, or a listener below "listeners"' }]
}

function distrustedProxies({ listeners, trustProxy }: Configuration): readonly ConfigFault[] {
  if (trustProxy.length > 0) return []
  const message = 'nobody may connect: only networks of "trustProxy" are believed'
  const hint = 'write trustProxy: [10.0.0.0/8] at the root, with the networks of your balancers'
  return listeners
    .filter(({ proxyProtocol }) => proxyProtocol)
    .map(({ name }) => ({ path: ['listeners', name, 'proxyProtocol'], message, hint }))
}

function trustedEverybody({ trustProxy }: Configuration): readonly ConfigFault[] {
  const hint = 'name the networks of your balancers'
  return trustProxy.flatMap((network, at) =>
    network.endsWith('/0')
      ? [{ path: ['trustProxy', at], message: TRUSTS_EVERYBODY, hint, isWarning: true }]
      : [],
  )
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [readListenAddress(one), readListenAddress(other)]
  if (!a || !b || a.port !== b.port || a.port === 0) return false
  return hostsOverlap(canonicalHost(a.host), canonicalHost(b.host))
}

function canonicalHost(host = '::'): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host.toLowerCase()
}

// `::` takes the IPv4 addresses with it, `0.0.0.0` leaves those of IPv6 alone.
function hostsOverlap(one: string, other: string): boolean {
  if (one === other || one === '::' || other === '::') return true
  return (one === '0.0.0.0' && isIP(other) !== 6) || (other === '0.0.0.0' && isIP(one) !== 6)
}

function openAdmin(configuration: Configuration, options: LoadOptions): readonly ConfigFault[] {
  const address = addressOf('admin', configuration, options)
  const parsed = readListenAddress(address)
  if (!parsed) return []
  try {
    if (adminToken(options.env) !== undefined || isLoopback(parsed.host)) return []
  } catch (thrown) {
    return [{ path: ['admin'], message: (thrown as Error).message }]
  }
  const message = `${JSON.stringify(address)} can be reached from other machines, and there is no token`
  const hint = 'set TURNPIKE_ADMIN_TOKEN or TURNPIKE_ADMIN_TOKEN_FILE, or write 127.0.0.1:9090'
  return [{ path: ['admin'], message, hint }]
}

/** Where it will listen, '' for nowhere: the command line wins, then the environment. */
function addressOf(key: AddressKey, configuration: Configuration, options: LoadOptions): string {
  return options.addresses?.[key] || options.env[VARIABLES[key]] || configuration[key] || ''
}
