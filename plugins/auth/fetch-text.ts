// Fetches a small text from an address that is configured but not trusted to behave.
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { type Clock, guardedLookup } from '../../src/plugin.ts'

export interface FetchLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly clock: Clock
  /** Ends the fetch early. */
  readonly abort: AbortController
}

/** The body of a 200 answer. Rejects on every other status, on redirects, and beyond the limits. */
export async function fetchText(url: string, limits: FetchLimits): Promise<string> {
  const tooSlow = () => limits.abort.abort(new Error(`no answer within ${limits.timeoutMs} ms`))
  const timer = limits.clock.after(limits.timeoutMs, tooSlow)
  try {
    return await textOf(await ask(url, limits.abort.signal), limits.maxBytes)
  } finally {
    timer.cancel()
  }
}

// Not by `fetch`, which takes no lookup of ours: who rules the name of an issuer must not reach what no target may be.
function ask(url: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const asking = request(url, { lookup: guardedLookup, headers: { accept: 'application/json' } })
    let waiting: { destroy(reason: Error): unknown } = asking
    signal.addEventListener('abort', () => waiting.destroy(signal.reason))
    asking.on('error', reject)
    asking.on('response', (response) => {
      waiting = response
      resolve(response)
    })
    asking.end()
  })
}

async function textOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const status = response.statusCode
  if (status !== 200) {
    response.destroy()
    // Also a redirect: it could lead to an address that the configuration would have refused.
    throw new Error(`answered with status ${status}`)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  // Counted as it arrives: the declared length may be absent or false.
  for await (const chunk of response) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
