// A service's answer to an upgrade: what makes a 101 valid, and the connection behind it as a response.
import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { HeaderList } from '../headers.ts'
import type { ReadonlyHeaderList, ResponseBody, UpstreamResponse } from '../plugin.ts'
import type { SwitchHead } from './transmission.ts'

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * The head of a 101, checked as a client would (RFC 6455 section 4.1). A service that only pretends to switch would go
 * on to read the tunnel's bytes as requests: smuggling, past everything that guards the route.
 */
export function assertSwitched({ headers, upgrade }: SwitchHead, asked: ReadonlyHeaderList): void {
  const valid =
    upgrade?.toLowerCase() === 'websocket' &&
    headers.all('sec-websocket-accept').join() === acceptFor(asked.get('sec-websocket-key') ?? '') &&
    isOffered(headers, asked)
  if (!valid) throw new GatewayError('UPSTREAM_INVALID_RESPONSE')
}

/** The exchange over HTTP ends with the head; `discard` is for whoever does not want what follows. */
export function switchedResponse(headers: HeaderList, tunnel: Duplex): UpstreamResponse {
  const body: ResponseBody = {
    complete: [],
    stream: (sink) => sink.end([]),
    resume() {},
    discard: () => tunnel.destroy(),
    onEnd: (listener) => listener(undefined),
  }
  return { status: 101, headers, body, tunnel }
}

function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** RFC 6455 section 4.1: one of the subprotocols and none but the extensions that the client named. */
function isOffered(headers: HeaderList, asked: ReadonlyHeaderList): boolean {
  const protocols = headers.all('sec-websocket-protocol')
  const offered = listed(asked.all('sec-websocket-protocol'))
  const extensions = extensionsOf(asked)
  return (
    protocols.length <= 1 &&
    protocols.every((protocol) => offered.includes(protocol)) &&
    extensionsOf(headers).every((extension) => extensions.includes(extension))
  )
}

function extensionsOf(headers: ReadonlyHeaderList): string[] {
  return listed(headers.all('sec-websocket-extensions')).map((extension) =>
    extension.split(';', 1)[0]!.trim(),
  )
}

function listed(values: readonly string[]): string[] {
  return values.flatMap((value) => value.split(',').map((item) => item.trim())).filter((item) => item !== '')
}
