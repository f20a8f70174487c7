// The config of a command that only reads it: found, loaded and checked, or its faults printed.
import type { Configuration } from '../config/configuration.ts'
import { loadConfiguration } from '../config/load.ts'
import type { CliArguments } from './arguments.ts'
import { findConfigFile } from './find-config-file.ts'

/** Undefined when there is no valid config; what is wrong stands on stderr then. */
export async function loadForCommand(
  named: string | undefined,
  args: CliArguments,
): Promise<Configuration | undefined> {
  const file = findConfigFile(named, args.cwd)
  if (file === undefined) {
    args.stderr('no config: give a FILE, or write turnpike.yaml (turnpike init)\n')
    return undefined
  }
  const { plugins, env, checks } = args
  const result = await loadConfiguration(file, { plugins, env, checks })
  if (!result.configuration || result.warnings.length > 0) args.stderr(result.render(args.color))
  return result.configuration
}
