// `turnpike check`: every mistake of a config with its position, without starting anything.
import { relative } from 'node:path'
import type { LoadResult } from '../config/configuration.ts'
import { type ConfigFault, dotted, sentence } from '../config/fault.ts'
import { loadConfiguration } from '../config/load.ts'
import { renderFaults } from '../config/render-faults.ts'
import type { CliArguments } from './arguments.ts'
import { findConfigFile } from './find-config-file.ts'
import { trialBuild } from './trial-build.ts'
import { wrongUsage } from './wrong-usage.ts'

export async function check(args: CliArguments): Promise<number> {
  if (args.positionals.length > 1) return wrongUsage('check takes one FILE', args.stderr)
  const file = findConfigFile(args.positionals[0], args.cwd)
  if (file === undefined) {
    return wrongUsage('no config: give a FILE, or write turnpike.yaml (turnpike init)', args.stderr)
  }
  const { plugins, env, checks } = args
  const result = await tried(await loadConfiguration(file, { plugins, env, checks }))
  const name = relative(args.cwd, file)
  if (args.flags['json'] === true) args.stdout(`${JSON.stringify(asJson(name, result))}\n`)
  else {
    args.stderr(result.render(args.color))
    if (result.configuration) args.stdout(`${name}: ${summary(result)}, ok\n`)
  }
  return result.configuration ? 0 : 1
}

async function tried(result: LoadResult): Promise<LoadResult> {
  if (!result.configuration) return result
  const faults = await trialBuild(result.configuration)
  if (faults.length === 0) return result
  const { warnings } = result
  const render = (color: boolean) => renderFaults({ faults, warnings }, color)
  return { ...result, configuration: undefined, faults, render }
}

function summary({ configuration }: LoadResult): string {
  return `${count(configuration?.routes.length, 'route')}, ${count(configuration?.services.size, 'service')}`
}

function count(number: number | undefined, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function asJson(file: string, { configuration, faults, warnings }: LoadResult): object {
  return {
    file,
    ok: configuration !== undefined,
    hash: configuration?.hash,
    routes: configuration?.routes.length,
    services: configuration?.services.size,
    faults: [
      ...faults.map((fault) => faultAsJson(fault, 'error')),
      ...warnings.map((warning) => faultAsJson(warning, 'warning')),
    ],
  }
}

function faultAsJson(fault: ConfigFault, level: 'error' | 'warning'): object {
  const { position, path, hint } = fault
  return {
    level,
    file: position?.file,
    line: position?.line,
    column: position?.column,
    path: dotted(path),
    message: sentence(fault),
    hint,
  }
}
