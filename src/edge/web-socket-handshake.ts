// The opening handshake of a WebSocket, as RFC 6455 section 4.2.1 wants it from a client.
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import type { ClientRequest } from './client-request.ts'

const VERSION = '13'
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/

interface Framing {
  readonly contentLength: number | undefined
  readonly chunked: boolean
}

/** True for a request that has left Node's parser to become another protocol (edge/upgrade.ts). */
export function isUpgrade(raw: ClientRequest): boolean {
  return raw.upgrade === true
}

/** Throws when the handshake is none. */
export function assertHandshake({ method, rawHeaders }: ClientRequest, framing: Framing): void {
  const headers = new HeaderList(rawHeaders)
  if (method !== 'GET') throw refused('A WebSocket is opened with GET.')
  // Its bytes would be taken for frames by whoever reads them after the switch.
  if (framing.chunked || (framing.contentLength ?? 0) > 0) throw refused('A WebSocket handshake has no body.')
  if (headers.all('upgrade').join().toLowerCase() !== 'websocket') {
    throw refused('Upgrade must be websocket and nothing else.')
  }
  if (headers.all('sec-websocket-version').join() !== VERSION) throw versionNotSupported()
  if (!KEY.test(headers.all('sec-websocket-key').join())) {
    throw refused('Sec-WebSocket-Key must be there once, 16 bytes in base64.')
  }
}

function refused(detail: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { detail })
}

// RFC 6455 section 4.4 and RFC 9110 section 15.5.22: say what would be understood.
function versionNotSupported(): GatewayError {
  return new GatewayError('WEBSOCKET_VERSION_NOT_SUPPORTED', {
    headers: ['Upgrade', 'websocket', 'Connection', 'Upgrade', 'Sec-WebSocket-Version', VERSION],
  })
}
