// The health check of a TCP target: it takes a connection.
import type { Clock } from '../plugin.ts'
import { encodeProxyHeader } from '../proxy-protocol.ts'
import type { Probe } from './health.ts'
import type { HealthSettings, ServiceSettings } from './settings.ts'
import type { Target } from './target.ts'
import { connectTcp } from './tcp-connect.ts'

export function createTcpProbe(
  target: Target,
  { timeoutMs }: HealthSettings,
  { clock, proxyProtocol }: { readonly clock: Clock } & Pick<ServiceSettings, 'proxyProtocol'>,
): Probe {
  return async () => {
    const outcome = await connectTcp(target.facts, { clock, timeoutMs })
    if (outcome instanceof Error) return false
    // A target that expects a header would log its lack as an attack, every few seconds.
    if (proxyProtocol) outcome.write(encodeProxyHeader(proxyProtocol, undefined))
    outcome.end(() => outcome.destroy())
    return true
  }
}
