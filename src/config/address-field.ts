// Addresses that the gateway listens on, and the networks that it trusts.
import { isIP } from 'node:net'
import { type Refusal, textField } from './text-field.ts'

export interface Address {
  /** Without brackets; '' for every interface. */
  readonly host: string
  readonly port: number
}

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/
const MAX_PORT = 65_535

export const address = textField(
  (text) =>
    parseAddress(text)
      ? { value: text }
      : { message: `${JSON.stringify(text)} is not an address`, hint: 'write :8080 or 127.0.0.1:8080' },
  (number) => `${number} is not an address: write ":${number}"`,
)

/** `:8080`, `127.0.0.1:8080`, `[::1]:8080`. */
export function parseAddress(text: string): Address | undefined {
  const [, v6, name, port] = ADDRESS.exec(text) ?? []
  if (port === undefined || Number(port) > MAX_PORT || (v6 !== undefined && isIP(v6) !== 6)) return undefined
  // Only digits and dots is meant as an IPv4 address, never as a name.
  if (name && /^[\d.]+$/.test(name) && isIP(name) !== 4) return undefined
  return { host: v6 ?? name ?? '', port: Number(port) }
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
export const network = textField(readNetwork)

function readNetwork(text: string): { readonly value: string } | Refusal {
  const [, ip = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIP(ip)
  const bits = family === 6 ? 128 : 32
  if (family > 0 && Number(prefix ?? bits) <= bits) return { value: text }
  const hint = family > 0 ? `the prefix goes up to /${bits}` : 'write 10.0.0.0/8, fd00::/8 or one address'
  return { message: `${JSON.stringify(text)} is not a network`, hint }
}
