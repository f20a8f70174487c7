// A configuration built once, aside and at rest: finds what only building can, such as a key file that is missing.
import type { Configuration } from '../config/configuration.ts'
import type { ConfigFault, Position } from '../config/fault.ts'
import { Generation, type GenerationEnvironment } from '../generation.ts'
import { KeptState } from '../kept-state.ts'
import { atOnce } from '../pace.ts'
import type { Clock, Logger, Meter } from '../plugin.ts'
import { CreateError } from '../route-hooks.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { systemRandom as random, systemClock } from '../system-clock.ts'
import { Turn } from '../turn.ts'
import { ServicePool } from '../upstream/service-pool.ts'

/** What `run` would refuse this configuration for. Dials nothing and leaves nothing behind. */
export async function trialBuild(configuration: Configuration): Promise<readonly ConfigFault[]> {
  try {
    await atOnce(Generation.build(0, withoutHealthChecks(configuration), createEnvironment())).retire()
    return []
  } catch (thrown) {
    const { complaint, position } = describe(thrown, configuration.file)
    return [{ path: [], message: configuration.redact(complaint), position }]
  }
}

function describe(thrown: unknown, file: string): { complaint: string; position: Position } {
  if (thrown instanceof CreateError) {
    return { complaint: thrown.complaint, position: positionOf(thrown.origin) }
  }
  return { complaint: thrown instanceof Error ? thrown.message : String(thrown), position: { file } }
}

function positionOf(origin: string): Position {
  const [, file, line] = /^(.*):(\d+)$/.exec(origin) ?? []
  return file === undefined ? { file: origin } : { file, line: Number(line) }
}

// The first health check is sent when its service is made.
function withoutHealthChecks(configuration: Configuration): Configuration {
  const services = [...configuration.services].map(
    ([name, service]) => [name, { ...service, health: undefined }] as const,
  )
  return { ...configuration, services: new Map(services) }
}

// Everything else that asks over the network, such as a client of key sets, does so by timer: none fires.
const clock: Clock = { ...systemClock, after: () => ({ cancel() {} }) }

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const meter: Meter = { counter: () => ({ add() {} }), gauge() {} }

function createEnvironment(): GenerationEnvironment {
  const store = createMemoryStore({ clock })
  const observer = { start: () => ({ headers: [], end() {} }) }
  return {
    clock,
    random,
    logger,
    meter,
    store,
    localStore: store,
    nodes: () => 1,
    ofNode: (total) => total,
    states: new KeptState(),
    services: new ServicePool({ clock, random, logger, observer, turn: new Turn() }),
    record: () => ({ switched() {}, finish() {} }),
  }
}
