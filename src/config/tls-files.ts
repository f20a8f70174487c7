// The certificates of services: pairs that are whole, and of use.
import type { ServiceConfiguration, TlsConfiguration } from './configuration.ts'
import type { Path } from './fault.ts'
import type { LoadState } from './load-state.ts'

export function checkTls(services: ReadonlyMap<string, ServiceConfiguration>, state: LoadState): void {
  for (const service of services.values()) {
    if (!service.tls) continue
    const path: Path = ['services', service.name, 'tls']
    if (isUnused(service)) {
      const message = 'has no effect: no target is https://'
      state.list.add({ path, message, hint: 'write https:// targets, or remove it', atKey: true })
    }
    checkPair(service.tls, path, state)
  }
}

function isUnused({ targets, canary }: ServiceConfiguration): boolean {
  const all = [...targets, ...(canary?.targets ?? [])]
  return all.length > 0 && all.every(({ url }) => !url.startsWith('https:'))
}

function checkPair({ cert, key }: TlsConfiguration, path: Path, { list }: LoadState): void {
  if ((cert === undefined) === (key === undefined)) return
  const [has, needs] = cert === undefined ? ['key', 'cert'] : ['cert', 'key']
  list.add({ path: [...path, has], message: `needs "${needs}" beside it`, atKey: true })
}
