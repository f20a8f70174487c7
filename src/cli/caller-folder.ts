// The folder that a user means by a relative path: npm runs the scripts of a package at its root.

export interface CallerFacts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The package.json of this very package. */
  readonly packageFile: string
}

/** Where `npm run turnpike` was typed, else the working directory. Other scripts of npm write their own paths. */
export function callerFolder({ env, cwd, packageFile }: CallerFacts): string {
  const isOurScript = env['npm_lifecycle_event'] === 'turnpike' && env['npm_package_json'] === packageFile
  return isOurScript ? (env['INIT_CWD'] ?? cwd) : cwd
}
