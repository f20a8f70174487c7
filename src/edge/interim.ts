// Informational responses (RFC 9110 section 15.2): what may reach a client before its answer.
import type { ResponseHead } from '../plugin.ts'
import type { ClientResponse } from './client-request.ts'

/** Asks the client for its body. */
export function sendContinue(response: ClientResponse | undefined): void {
  if (response && isInformable(response)) response.writeContinue()
}

/** Passes one on, but 100 and 101, which are between two neighbours; dropped where it cannot be written. */
export function sendInterim(response: ClientResponse, { status, headers }: ResponseHead): void {
  if (status < 102 || !isInformable(response)) return
  try {
    response.writeInformation(status, headers.pairs)
  } catch {
    // A field that the parser let through but that may not be written again.
  }
}

// An HTTP/1.0 client would take it for the answer.
function isInformable(response: ClientResponse): boolean {
  return response.req.httpVersion !== '1.0' && !response.headersSent && !response.destroyed
}
