// The assembly: what serves clients, the probes and the admin API, started in order. Start, reload, stop.

import { Closers } from './closers.ts'
import type { Configuration } from './config/configuration.ts'
import { serviceViews } from './introspection.ts'
import {
  createReloader,
  type Gateway,
  gatewayOf,
  type OperatedNode,
  type OperatorOptions,
  openToOperators,
} from './operators.ts'
import type { Builder } from './reloader.ts'
import { createServing, type Serving, type ServingOptions } from './serving.ts'
import { systemClock as clock } from './system-clock.ts'

export interface GatewayOptions extends ServingOptions, OperatorOptions {
  /** Wins over the config's address. */
  readonly listen?: string | undefined
}

/** Resolves when clients are served. Rejects when a part cannot start; nothing is left running then. */
export function startGateway(configuration: Configuration, options: GatewayOptions): Promise<Gateway> {
  const closers = new Closers()
  return closers.guard(() => assemble(configuration, options, closers))
}

async function assemble(
  configuration: Configuration,
  options: GatewayOptions,
  closers: Closers,
): Promise<Gateway> {
  const serving = await createServing(configuration, options)
  closers.add(() => serving.close())
  const { telemetry, generations } = serving
  const node: OperatedNode = {
    options,
    telemetry,
    reloader: createReloader(configuration, { telemetry, load: options.load, builder: builderOf(serving) }),
    closers,
    views: { services: () => serviceViews(generations.current, clock), workers: () => [] },
    readiness: () => serving.readiness(),
    drain: () => serving.drain(),
  }
  const addresses = {
    ...(await openToOperators(node)),
    // Last: the ports open when a generation serves and probes are answered.
    ...(await serving.listen(options.listen)),
  }
  const { hash } = configuration
  telemetry.logger.info({ ...addresses, generation: 1, hash }, 'gateway started')
  return gatewayOf(node, addresses)
}

function builderOf({ generations }: Serving): Builder {
  return {
    async prepare({ number, configuration }) {
      const built = await generations.build(number, configuration)
      return () => generations.swap(built)
    },
  }
}
