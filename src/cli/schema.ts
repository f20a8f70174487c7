// `turnpike schema`: the JSON Schema of the config for editors, with the plugins that a FILE adds.
import { createJsonSchema } from '../config/json-schema.ts'
import { loadConfiguration } from '../config/load.ts'
import type { Plugin } from '../plugin.ts'
import type { CliArguments } from './arguments.ts'
import { findConfigFile } from './find-config-file.ts'
import { wrongUsage } from './wrong-usage.ts'

export async function schema(args: CliArguments): Promise<number> {
  if (args.positionals.length > 1) return wrongUsage('schema takes one FILE', args.stderr)
  const plugins = await pluginsOf(args)
  if (plugins) args.stdout(`${JSON.stringify(createJsonSchema(plugins), null, 2)}\n`)
  return plugins ? 0 : 1
}

// Without a FILE the built-in plugins: what a config in the working directory adds is asked for by name.
async function pluginsOf({
  positionals,
  plugins,
  env,
  ...args
}: CliArguments): Promise<readonly Plugin[] | undefined> {
  const file = positionals[0] && findConfigFile(positionals[0], args.cwd)
  if (!file) return plugins
  const result = await loadConfiguration(file, { plugins, env })
  if (!result.configuration) args.stderr(result.render(args.color))
  return result.configuration?.plugins
}
