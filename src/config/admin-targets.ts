// A service must not lead to the gateway's own admin address: whoever reached it would be local there.
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { readListenAddress } from '../listen-address.ts'
import type { ServiceConfiguration, TargetConfiguration } from './configuration.ts'
import type { LoadState } from './load-state.ts'

export function refuseAdminTargets(
  services: ReadonlyMap<string, ServiceConfiguration>,
  admin: string | undefined,
  state: LoadState,
): void {
  const address = admin === undefined ? undefined : readListenAddress(admin)
  if (!address || address.port === 0) return
  const isOwn = ownHosts(address.host)
  for (const { name, targets, canary } of services.values()) {
    const places: readonly (readonly [readonly string[], readonly TargetConfiguration[]])[] = [
      [['services', name, 'targets'], targets],
      [['services', name, 'canary', 'targets'], canary?.targets ?? []],
    ]
    for (const [path, list] of places) {
      for (const [at, { url }] of list.entries()) {
        if (leadsTo(url, address.port, isOwn)) refuse([...path, at], state)
      }
    }
  }
}

function leadsTo(url: string, port: number, isOwn: (host: string) => boolean): boolean {
  if (url.startsWith('unix:')) return false
  const parsed = new URL(url)
  const wanted = parsed.port === '' ? (parsed.protocol === 'https:' ? 443 : 80) : Number(parsed.port)
  return wanted === port && isOwn(parsed.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''))
}

function ownHosts(adminHost = ''): (host: string) => boolean {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map((one) => one.address),
  )
  const own = new Set([adminHost, hostname().toLowerCase(), ...addresses])
  return (host) => own.has(host) || isLoopback(host)
}

// The unspecified addresses connect to this machine as well.
function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.') || host.startsWith('0.')
  if (isIP(host) === 6) return host === '::1' || host === '::' || /^::ffff:(?:7f[0-9a-f]{2}|0):/.test(host)
  return host === 'localhost' || host.endsWith('.localhost')
}

function refuse(path: readonly (string | number)[], state: LoadState): void {
  const message = "this is the gateway's own admin address"
  state.list.add({ path, message, hint: 'a client that reached it would count as local' })
}
