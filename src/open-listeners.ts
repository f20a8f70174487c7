// Every address where clients connect, opened: the plain `listen` and all of `listeners`.
import type { Configuration } from './config/configuration.ts'
import type { Front } from './edge/front.ts'

/** URLs with the real ports. */
export interface ClientAddresses {
  /** Left out where there are only `listeners`. */
  readonly listen?: string
  readonly listeners: Readonly<Record<string, string>>
}

/** `override` wins over the config's `listen`. Rejects when one of them cannot be opened. */
export async function openListeners(
  front: Front,
  configuration: Pick<Configuration, 'listen' | 'listeners'>,
  override: string | undefined,
): Promise<ClientAddresses> {
  const address = override ?? configuration.listen
  const listen =
    address === false
      ? {}
      : { listen: await front.open({ name: '', protocol: 'http', address, proxyProtocol: false }) }
  const listeners: Record<string, string> = {}
  for (const settings of configuration.listeners) listeners[settings.name] = await front.open(settings)
  return { ...listen, listeners }
}
