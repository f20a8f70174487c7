// What every command is given: the parsed command line and its way out to the world.
import type { LoadOptions } from '../config/configuration.ts'
import type { Plugin } from '../plugin.ts'

export interface CliArguments {
  readonly positionals: readonly string[]
  readonly flags: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  /** The built-in ones, outermost first. */
  readonly plugins: readonly Plugin[]
  readonly checks: LoadOptions['checks']
  readonly env: Readonly<Record<string, string | undefined>>
  /** Data. */
  stdout(text: string): void
  /** Messages. */
  stderr(text: string): void
  readonly color: boolean
  readonly cwd: string
  readonly version: string
}
