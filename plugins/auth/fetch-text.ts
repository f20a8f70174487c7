// Fetches a small text from an address that is configured but not trusted to behave.
import type { Clock } from '../../src/plugin.ts'

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
    const { signal } = limits.abort
    // A redirect could lead to an address that the configuration would have refused.
    const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
    return await textOf(response, limits.maxBytes)
  } finally {
    timer.cancel()
  }
}

async function textOf(response: Response, maxBytes: number): Promise<string> {
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`answered with status ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Counted as it arrives: the declared length may be absent, false or compressed.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
