// The opening handshake of a WebSocket, as RFC 6455 section 4.2.1 wants it from a client.
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import type { ClientRequest } from './client-request.ts'
import type { RequestHead } from './request-head.ts'

const VERSION = '13'
/** 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/
const WEBSOCKET = /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i

/** Any other wish is no wish: the request is served as if it were not there (RFC 9110 section 7.8). */
export function asksForWebSocket({ upgrade }: RequestHead): boolean {
  return upgrade !== undefined && WEBSOCKET.test(upgrade)
}

/** Throws when the handshake is none. */
export function assertHandshake({ method, rawHeaders, head }: ClientRequest): void {
  const headers = new HeaderList(rawHeaders)
  if (method !== 'GET') throw refused('A WebSocket is opened with GET.')
  // Its bytes would be taken for frames by whoever reads them after the switch.
  if (head.chunked || (head.contentLength ?? 0) > 0) throw refused('A WebSocket handshake has no body.')
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
