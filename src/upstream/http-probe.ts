// The health check of an HTTP target: one GET on its pool, judged by the status.
import { serverName } from './connector.ts'
import type { Probe } from './health.ts'
import type { HealthSettings, TlsSettings } from './settings.ts'
import type { HttpTarget } from './target.ts'

/** Bytes of an answer that are read before the connection is given up. */
const MAX_BODY_BYTES = 64 * 1024

export function createHttpProbe(
  target: HttpTarget,
  { path, timeoutMs, status }: HealthSettings,
  tls: TlsSettings | undefined,
): Probe {
  const name = serverName(target.url, tls)
  return async () => {
    const response = await target.pool.request({
      method: 'GET',
      path,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: AbortSignal.timeout(timeoutMs),
      headers: ['user-agent', 'turnpike-health'],
      ...(name === undefined ? {} : { servername: name }),
    })
    await response.body.dump({ limit: MAX_BODY_BYTES })
    return status ? status.includes(response.statusCode) : isSuccess(response.statusCode)
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400
}
