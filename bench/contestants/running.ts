// Starts a contestant on the measured core and waits for its first right answer.
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { type Cores, onMeasuredCore } from '../machine/cores.ts'
import { processTree, readUsage, type Usage } from '../machine/usage.ts'
import { awaitAnswer } from '../processes/await-answer.ts'
import { type Child, startChild } from '../processes/child.ts'
import { freePort } from '../processes/free-port.ts'
import type { Contestant, Site } from './contestant.ts'

export interface Running {
  readonly contestant: Contestant
  readonly port: number
  readonly site: Site
  /** From exec to the first right answer. */
  readonly startMs: number
  /** All its processes; the backend's when there is nothing in front of it. */
  pids(): number[]
  usage(): Usage
  stop(): Promise<void>
}

export interface Place {
  readonly cores: Cores
  readonly folder: string
  readonly backendPort: number
  backendPids(): number[]
}

export async function startContestant(contestant: Contestant, place: Place): Promise<Running> {
  const site = await makeSite(place)
  if (contestant.launch === undefined) return runningBackend(contestant, place, site)
  const command = contestant.launch(site)
  const [program = '', ...args] = onMeasuredCore(place.cores, [command.program, ...command.args])
  const startedAt = performance.now()
  const child = startChild(contestant.name, { ...command, program, args })
  try {
    const [request = ''] = contestant.requests()
    await awaitAnswer(child, { port: site.port, request, expectedStatus: 200 })
  } catch (thrown) {
    await child.stop()
    throw thrown
  }
  return runningChild(child, { contestant, site, startMs: performance.now() - startedAt })
}

async function makeSite({ folder, backendPort }: Place): Promise<Site> {
  return {
    folder: mkdtempSync(join(folder, 'site-')),
    port: await freePort(),
    statusPort: await freePort(),
    adminPort: await freePort(),
    backendPort,
  }
}

function runningChild(
  child: Child,
  facts: { readonly contestant: Contestant; readonly site: Site; readonly startMs: number },
): Running {
  const pids = () => processTree(child.pid)
  return {
    ...facts,
    port: facts.site.port,
    pids,
    usage: () => readUsage(pids()),
    stop: () => child.stop(),
  }
}

function runningBackend(contestant: Contestant, place: Place, site: Site): Running {
  return {
    contestant,
    site,
    port: place.backendPort,
    startMs: 0,
    pids: () => place.backendPids(),
    usage: () => readUsage(place.backendPids()),
    stop: async () => {},
  }
}
