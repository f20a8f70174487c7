// The PROXY header that a trusted proxy puts in front of a connection: whom it speaks for.

import type { Judgement } from '../first-bytes.ts'
import type { ProxiedConnection } from '../proxy-protocol.ts'
import { readProxyHeader } from '../read-proxy-header.ts'

/** Without a valid header nobody knows who the client is: the connection is to be cut. */
export function judgeProxyHeader(
  bytes: Buffer,
): Judgement<{ readonly valid: boolean; readonly connection?: ProxiedConnection | undefined }> | undefined {
  const header = readProxyHeader(bytes)
  if (header.kind === 'incomplete') return undefined
  if (header.kind === 'invalid') return { value: { valid: false }, length: 0 }
  return { value: { valid: true, connection: header.connection }, length: header.length }
}
