// `turnpike init`: a config to start from, never over one that exists.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CliArguments } from './arguments.ts'
import { wrongUsage } from './wrong-usage.ts'

export async function init(args: CliArguments): Promise<number> {
  if (args.positionals.length > 0) return wrongUsage('init takes no FILE', args.stderr)
  const [name, text] =
    args.flags['ts'] === true ? ['turnpike.config.ts', TYPESCRIPT] : ['turnpike.yaml', YAML]
  try {
    await writeFile(join(args.cwd, name), text, { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    args.stderr(
      code === 'EEXIST' ? `${name} exists already: nothing was written\n` : `${name}: ${String(error)}\n`,
    )
    return 1
  }
  args.stdout(`wrote ${name}\n`)
  args.stderr(`next: turnpike check ${name}, then turnpike run ${name}\n`)
  return 0
}

const YAML = `# yaml-language-server: $schema=./node_modules/turnpike/schema/turnpike.schema.json
# The config of a Turnpike gateway. Every key: docs/config.md; every mistake: turnpike check
version: 1

listen: :8080              # clients
status: :9091              # /livez, /readyz, /metrics
admin: 127.0.0.1:9090      # admin API, on this machine only
# redis: \${REDIS_URL}      # shared limits; without it they are per node
# trustProxy: [10.0.0.0/8] # whose X-Forwarded-For is believed
# include: [services/*.yaml]

defaults:                  # every route starts from here
  timeout: 10s

services:
  orders:
    # host: api.example.com
    targets:
      - http://localhost:3001
    retry: { attempts: 2 }
    routes:
      read: GET /orders/*
      write:
        match: POST|PUT|PATCH /orders/*
        retry: false
`

// The word is put in so that no tool takes the template's export for one of this file.
const TYPESCRIPT = `// The config of a Turnpike gateway. Every key: docs/config.md; every mistake: turnpike check
import { defineConfig } from 'turnpike'

${'export'} default defineConfig({
  version: 1,

  listen: ':8080', // clients
  status: ':9091', // /livez, /readyz, /metrics
  admin: '127.0.0.1:9090', // admin API, on this machine only
  // redis: env('REDIS_URL'), // shared limits; without it they are per node
  // trustProxy: ['10.0.0.0/8'], // whose X-Forwarded-For is believed

  defaults: { timeout: '10s' }, // every route starts from here

  services: {
    orders: {
      // host: 'api.example.com',
      targets: ['http://localhost:3001'],
      retry: { attempts: 2 },
      routes: {
        read: 'GET /orders/*',
        write: { match: 'POST|PUT|PATCH /orders/*', retry: false },
      },
    },
  },
})
`
