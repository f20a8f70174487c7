// Why bytes of a client are no request: the reason is for whoever debugs, the client is told the code.
import { type ErrorCode, GatewayError } from '../../errors.ts'
import type { Excess } from '../../http1/message-text.ts'

const CODES: Readonly<Record<Excess, ErrorCode>> = { head: 'HEADERS_TOO_LARGE', extensions: 'BODY_TOO_LARGE' }

export function malformed(reason: string, excess?: Excess): GatewayError {
  return new GatewayError(excess === undefined ? 'BAD_REQUEST' : CODES[excess], { cause: new Error(reason) })
}
