// Requests as the bytes that a generator sends, made once.

export interface RequestParts {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Zero bytes of a body; none when missing. */
  readonly bodyBytes?: number
}

/** A plain request as a common client sends it. */
export function requestHead(parts: RequestParts = {}): string {
  const { method = 'GET', path = '/', host = 'bench.test', headers = {}, bodyBytes } = parts
  const length = bodyBytes === undefined ? [] : [`Content-Length: ${bodyBytes}`]
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, 'User-Agent: turnpike-bench', 'Accept: */*']
  return `${[...lines, ...fields, ...length].join('\r\n')}\r\n\r\n`
}

export function requestBytes(head: string, bodyBytes = 0): Buffer {
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(bodyBytes, 'x')])
}
