// What is to be spoken with a service's targets, where their addresses already say something else.
import type { ServiceConfiguration } from './configuration.ts'
import type { LoadState } from './load-state.ts'

export function checkProtocols(services: ReadonlyMap<string, ServiceConfiguration>, state: LoadState): void {
  for (const { name, protocol, targets, canary } of services.values()) {
    const [scheme, hint] = CONTRADICTIONS[protocol]
    const all = [...targets, ...(canary?.targets ?? [])]
    if (scheme === undefined || !all.some(({ url }) => url.startsWith(scheme))) continue
    const message = `contradicts the ${scheme}// targets`
    state.list.add({ path: ['services', name, 'protocol'], message, hint })
  }
}

const CONTRADICTIONS: Readonly<
  Record<ServiceConfiguration['protocol'], readonly [scheme?: string, hint?: string]>
> = {
  auto: [],
  http1: ['h2c:', 'write http:// targets'],
  http2: ['http:', 'write h2c:// targets for HTTP/2 without TLS'],
}
