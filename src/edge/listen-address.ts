// `:8080`, `127.0.0.1:0`, `[::1]:8080`: where to listen.

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/
const MAX_PORT = 65_535

export interface ListenAddress {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** Without a host all addresses are meant. Throws a RangeError. */
export function parseListenAddress(text: string): ListenAddress {
  const [, ipv6, host, port] = ADDRESS.exec(text) ?? []
  if (port === undefined || Number(port) > MAX_PORT) {
    throw new RangeError(`"${text}" is no address to listen on: write :8080, 127.0.0.1:8080 or [::1]:8080`)
  }
  return { host: ipv6 ?? (host || '0.0.0.0'), port: Number(port) }
}
