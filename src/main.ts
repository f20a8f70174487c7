// The process edge: argv -> command. The only importer of plugins/ besides the package edge; imported by nobody.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { plugins } from '../plugins/index.ts'
import { configurationChecks } from './checks.ts'
import type { CliArguments } from './cli/arguments.ts'
import { callerFolder } from './cli/caller-folder.ts'
import { check } from './cli/check.ts'
import { explain } from './cli/explain.ts'
import { init } from './cli/init.ts'
import { routes } from './cli/routes.ts'
import { run } from './cli/run.ts'
import { schema } from './cli/schema.ts'
import { wrongUsage } from './cli/wrong-usage.ts'
import { suggest } from './config/suggest.ts'

const COMMANDS = { run, check, routes, explain, schema, init }

const USAGE = `usage: turnpike <command> [options]

  run [FILE]                    serve; FILE defaults to turnpike.yaml or turnpike.config.ts
      --listen, --status, --admin ADDRESS   override the addresses of the file (port 0: any free one)
      --json                    print the real addresses as one JSON line once ready
      --no-watch                reload only on SIGHUP
      --workers N|auto          processes that share the work; auto: one for each core
  check [FILE]                  validate; prints every mistake with its position
  routes [FILE]                 the route table, most specific first
  explain METHOD URL [FILE]     which route wins and why, its chain with the origin of each value
      -H, --header 'name: value'
  schema [FILE]                 the JSON Schema of the config, for editors
  init [--ts]                   write a config to start from

  --json                        machine-readable output, on every command
  --help, --version

exit codes: 0 ok, 1 failed, 64 wrong usage
`

const OPTIONS = {
  listen: { type: 'string' },
  status: { type: 'string' },
  admin: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true },
  json: { type: 'boolean' },
  ts: { type: 'boolean' },
  watch: { type: 'boolean' },
  workers: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv)
  if ('fault' in parsed) return wrongUsage(parsed.fault, stderr)
  const { values, positionals } = parsed
  const [name, ...rest] = positionals
  if (values.version) return print(`turnpike ${readVersion()}\n`)
  if (values.help) return print(USAGE)
  if (name === undefined) return wrongUsage('a command is needed', stderr)
  if (!Object.hasOwn(COMMANDS, name)) return wrongUsage(noCommand(name), stderr)
  endQuietlyWithReader(name)
  return COMMANDS[name as keyof typeof COMMANDS]({
    positionals: rest,
    flags: values,
    plugins,
    checks: configurationChecks,
    env: process.env,
    stdout: (text) => process.stdout.write(text),
    stderr,
    color: process.stderr.isTTY === true && !process.env['NO_COLOR'],
    cwd: callerFolder({ env: process.env, cwd: process.cwd(), packageFile: packageFile() }),
    version: readVersion(),
  } satisfies CliArguments)
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, allowNegative: true })
  } catch (thrown) {
    return { fault: (thrown as Error).message }
  }
}

function stderr(text: string): void {
  process.stderr.write(text)
}

function noCommand(name: string): string {
  const hint = suggest(name, Object.keys(COMMANDS))
  return `there is no command "${name}"${hint === undefined ? '' : `: ${hint}`}`
}

// `turnpike routes | head`: a reader that has enough is no fault. A gateway serves on without one.
function endQuietlyWithReader(command: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (command !== 'run') process.exit(0)
  })
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

function readVersion(): string {
  return JSON.parse(readFileSync(packageFile(), 'utf8')).version
}

// From src/ and from dist/src/ the package file is one and two folders up.
function packageFile(): string {
  const here = fileURLToPath(new URL('../package.json', import.meta.url))
  return existsSync(here) ? here : fileURLToPath(new URL('../../package.json', import.meta.url))
}

process.exitCode = await main(process.argv.slice(2))
