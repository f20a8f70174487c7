// Why bytes of a target are no answer: the reason is for the log, the client is told only that they are none.
import { GatewayError } from '../../errors.ts'

export function invalid(reason: string): GatewayError {
  return new GatewayError('UPSTREAM_INVALID_RESPONSE', { cause: new Error(reason) })
}
