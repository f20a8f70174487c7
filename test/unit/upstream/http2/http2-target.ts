// Targets of HTTP/2 for tests: a real server that does what it is told for each stream.
import { once } from 'node:events'
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ServiceSettings } from '../../../../src/upstream/settings.ts'
import { createRequest, type RequestOptions, SETTINGS, startService, targets } from '../rig.ts'

export interface SeenStream {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  /** Flat pairs as they came. */
  readonly raw: readonly string[]
}

export interface Http2Target {
  readonly url: string
  readonly port: number
  readonly seen: SeenStream[]
  /** Every connection so far. */
  readonly sessions: ServerHttp2Session[]
}

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

/** Without TLS unless `options` has a certificate. */
async function startHttp2Target(onStream: OnStream, options: SecureServerOptions = {}): Promise<Http2Target> {
  const seen: SeenStream[] = []
  const sessions: ServerHttp2Session[] = []
  const server = options.cert ? createSecureServer(options) : createServer(options)
  server.on('session', (session: ServerHttp2Session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  const take = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: unknown) => {
    stream.on('error', () => {})
    seen.push({ stream, headers, raw: raw as string[] })
    onStream(stream, headers)
  }
  server.on('stream', take as never)
  const port = await listen(server)
  const scheme = options.cert ? 'https' : 'h2c'
  onTestFinished(async () => {
    for (const session of sessions) session.destroy()
    server.close()
  })
  return { url: `${scheme}://127.0.0.1:${port}`, port, seen, sessions }
}

async function listen(server: Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A service in front of one such target. */
export async function startHttp2Service(
  onStream: OnStream,
  settings: Partial<ServiceSettings> & { readonly server?: SecureServerOptions } = {},
) {
  const { server, ...rest } = settings
  const target = await startHttp2Target(onStream, server)
  const rig = startService({ targets: targets(target.url), ...rest })
  const call = (options: RequestOptions = {}) => rig.service.call(createRequest(options))
  return { target, rig, call }
}

export const connections = (changes: Partial<ServiceSettings['connections']>) => ({
  ...SETTINGS.connections,
  ...changes,
})
