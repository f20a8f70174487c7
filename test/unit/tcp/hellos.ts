// ClientHellos for tests: built byte by byte, and as real TLS stacks send them.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'

export interface HelloParts {
  readonly sessionId?: Buffer
  readonly suites?: Buffer
  readonly compressions?: Buffer
  /** Undefined: the hello ends before its extensions. */
  readonly extensions?: readonly Buffer[] | undefined
}

export const u8 = (value: number) => Buffer.from([value])
export const u16 = (value: number) => Buffer.from([value >> 8, value & 255])
const u24 = (value: number) => Buffer.from([value >> 16, (value >> 8) & 255, value & 255])

const vector8 = (...parts: readonly Buffer[]) => withLength(parts, u8)
const vector16 = (...parts: readonly Buffer[]) => withLength(parts, u16)

function withLength(parts: readonly Buffer[], length: (value: number) => Buffer): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([length(body.length), body])
}

export const extension = (type: number, body: Buffer) => Buffer.concat([u16(type), vector16(body)])

export const nameEntry = (name: string, type = 0) =>
  Buffer.concat([u8(type), vector16(Buffer.from(name, 'latin1'))])

export const serverName = (...entries: readonly Buffer[]) => extension(0, vector16(...entries))

/** RFC 8701: values that servers must pass over. */
export const GREASE = extension(0x4a4a, u8(0))

const ALPN = extension(16, vector16(vector8(Buffer.from('h2'))))

/** The handshake message, outside of any record. */
export function helloMessage(parts: HelloParts = {}): Buffer {
  const { sessionId = Buffer.alloc(32, 7), suites = Buffer.from([0x4a, 0x4a, 0x13, 0x01]) } = parts
  const { compressions = u8(0) } = parts
  const extensions = 'extensions' in parts ? parts.extensions : named('db.example.com')
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 9),
    vector8(sessionId),
    vector16(suites),
    vector8(compressions),
    ...(extensions === undefined ? [] : [vector16(...extensions)]),
  ])
  return Buffer.concat([u8(1), u24(body.length), body])
}

export const named = (name: string) => [GREASE, ALPN, serverName(nameEntry(name)), extension(0x2a2a, u8(0))]

export const record = (fragment: Buffer, type = 22) =>
  Buffer.concat([u8(type), Buffer.from([3, 1]), vector16(fragment)])

export const hello = (parts: HelloParts = {}) => record(helloMessage(parts))

/** The same message in records of `size` bytes each. */
export function inRecords(message: Buffer, size: number): Buffer {
  const count = Math.ceil(message.length / size)
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => record(message.subarray(at * size, (at + 1) * size))),
  )
}

/** What Node's own OpenSSL sends first. */
export async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, ...options })
  client.on('error', () => {})
  const [socket] = await once(server, 'connection')
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}
