// The package: what plugins and TypeScript configs import. Together with main.ts the only importer of plugins/.
import type { z } from 'zod'
import type { providerSettings } from '../plugins/auth/provider-settings.ts'
import type { rootSettings } from '../plugins/auth/settings.ts'
import type { PluginSettings } from '../plugins/index.ts'
import type { TypedConfig } from './config/typed-config.ts'
import type { Plugin } from './plugin.ts'

export { env, secret } from './config/placeholders.ts'
export * from './plugin.ts'

/** Providers by the names under `auth`, or `none`. */
type Auth<Provider extends string> =
  | 'none'
  | Provider
  | readonly Provider[]
  | {
      readonly use: Provider | readonly Provider[]
      readonly scopes?: readonly string[]
      readonly anyScope?: readonly string[]
      readonly claims?: Readonly<Record<string, Primitive | readonly Primitive[]>>
    }

type Primitive = string | number | boolean

type Used = Readonly<Record<string, Plugin | string>>
type SettingsOf<P> = P extends { readonly settings: infer Schema extends z.ZodType }
  ? IfUnknown<z.input<Schema>, z.output<Schema>>
  : unknown
/** An annotated plugin tells what its settings become, and not how they are written. */
type IfUnknown<Known, Else> = unknown extends Known ? Else : Known

type Policies<Provider extends string, Use extends Used> = {
  readonly [Name in Exclude<keyof PluginSettings, 'auth'>]?: PluginSettings[Name] | false
} & { readonly [Name in keyof Use]?: SettingsOf<Use[Name]> | false } & {
  readonly auth?: Auth<NoInfer<Provider>>
}

type Config<Provider extends string, Use extends Used, Services extends string> = TypedConfig<
  Policies<Provider, NoInfer<Use>>,
  Services
> & {
  readonly auth?: Readonly<Record<Provider, z.input<typeof providerSettings>>>
  readonly consumers?: z.input<typeof rootSettings>['consumers']
  readonly use?: Use
}

/** A config as an editor can complete it. Nothing is read or checked before the gateway loads the file. */
export function defineConfig<
  Provider extends string = never,
  Use extends Used = Record<never, never>,
  Services extends string = never,
>(config: Config<Provider, Use, Services>): Config<Provider, Use, Services> {
  return config
}
