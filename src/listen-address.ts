// Addresses to listen on: `:8080`, `127.0.0.1:0`, `[::1]:9090`, `localhost:9090`.
import { BlockList, isIP } from 'node:net'

export interface ListenAddress {
  /** Undefined: every interface. */
  readonly host: string | undefined
  readonly port: number
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{0,253})):(\d{1,5})$/

const MAX_PORT = 65_535

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

export function parseListenAddress(text: string): ListenAddress {
  const address = readListenAddress(text)
  if (address) return address
  throw new Error(
    `${JSON.stringify(text)} is not an address to listen on: write host:port, [ipv6]:port or :port`,
  )
}

/** Undefined when it is none. */
export function readListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = ADDRESS.exec(text) ?? []
  const port = Number(digits ?? Number.NaN)
  const bad = bracketed === undefined ? isBadIp4(plain ?? '') : isIP(bracketed) !== 6
  if (Number.isNaN(port) || port > MAX_PORT || bad) return undefined
  const host = bracketed ?? plain
  return { host: host === '' ? undefined : host, port }
}

/** True when only this machine can reach it. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false
  const version = isIP(host)
  if (version === 0) return host.toLowerCase() === 'localhost'
  return LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6')
}

/** As it is written in a URL. */
export function formatListenAddress({
  host,
  port,
}: {
  readonly host: string
  readonly port: number
}): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
}

/** Only digits and dots is meant as an IPv4 address, never as a name: 127.1 or 1.2.3.456. */
function isBadIp4(host: string): boolean {
  return /^[\d.]+$/.test(host) && isIP(host) !== 4
}
