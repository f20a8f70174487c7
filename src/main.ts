#!/usr/bin/env node
// The process edge: argv -> command. The only importer of plugins/ besides the package edge; imported by nobody.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { plugins } from '../plugins/index.ts'
import { configurationChecks } from './checks.ts'
import type { CliArguments } from './cli/arguments.ts'
import { check } from './cli/check.ts'
import { explain } from './cli/explain.ts'
import { init } from './cli/init.ts'
import { routes } from './cli/routes.ts'
import { run } from './cli/run.ts'
import { schema } from './cli/schema.ts'

const USAGE_EXIT = 64

const COMMANDS = { run, check, routes, explain, schema, init }

const USAGE = `usage: turnpike <command> [options]

  run [FILE]                    serve; FILE defaults to turnpike.yaml or turnpike.config.ts
      --listen, --status, --admin ADDRESS   override the addresses of the file (port 0: any free one)
      --json                    print the real addresses as one JSON line once ready
      --no-watch                reload only on SIGHUP
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
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parse(argv)
  if ('fault' in parsed) return usageFault(parsed.fault)
  const { values, positionals } = parsed
  const [name, ...rest] = positionals
  if (values.version) return print(`turnpike ${readVersion()}\n`)
  if (values.help || name === undefined) return values.help ? print(USAGE) : usageFault('a command is needed')
  if (!Object.hasOwn(COMMANDS, name)) return usageFault(`there is no command "${name}"`)
  return COMMANDS[name as keyof typeof COMMANDS]({
    positionals: rest,
    flags: values,
    plugins,
    checks: configurationChecks,
    env: process.env,
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    color: process.stderr.isTTY === true && !process.env['NO_COLOR'],
    cwd: process.cwd(),
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

function usageFault(fault: string): number {
  process.stderr.write(`turnpike: ${fault}\n\n${USAGE}`)
  return USAGE_EXIT
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

// From src/ and from dist/src/ the package file is one and two folders up.
function readVersion(): string {
  for (const up of ['../package.json', '../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'))
      if (typeof version === 'string') return version
    } catch {
      // Not there: the other layout.
    }
  }
  return 'unknown'
}

process.exitCode = await main(process.argv.slice(2))
