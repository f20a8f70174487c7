// Other proxies as plain reverse proxies in front of a target, to compare with: nginx and HAProxy, where installed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export interface OtherProxy {
  readonly port: number
  stop(): Promise<void>
}

interface Place {
  readonly folder: string
  readonly port: number
  readonly targetPort: number
}

interface Recipe {
  readonly name: string
  config(place: Place): string
  args(file: string): readonly string[]
}

// Their short waits only end what they would let wait for ever; everything else is as they come.
const RECIPES: readonly Recipe[] = [
  {
    name: 'nginx',
    config: ({ folder, port, targetPort }) => `
daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 256; }
http {
  access_log off; client_header_timeout 1s; client_body_timeout 1s; lingering_timeout 1s;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  proxy_http_version 1.1; proxy_set_header Connection "";
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${targetPort}; } }
}
`,
    args: (file) => ['-c', file],
  },
  {
    name: 'haproxy',
    config: ({ port, targetPort }) => `
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 2s
  timeout http-request 1s
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server target 127.0.0.1:${targetPort}
`,
    args: (file) => ['-db', '-f', file],
  },
]

export const OTHER_PROXIES: readonly string[] = RECIPES.map(({ name }) => name)

/** Where the program is, on PATH or where Debian puts servers; undefined when it is not installed. */
export function findProxy(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function startProxy(name: string, program: string, targetUrl: string): Promise<OtherProxy> {
  const recipe = RECIPES.find((one) => one.name === name)!
  const folder = mkdtempSync(join(tmpdir(), `turnpike-${name}-`))
  const place = { folder, port: await freePort(), targetPort: Number(new URL(targetUrl).port) }
  const file = join(folder, 'config')
  writeFileSync(file, recipe.config(place))
  const child = spawn(program, recipe.args(file), { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  await accepting(place.port, child).catch(() => {
    throw new Error(`${name} did not start:\n${errors}`)
  })
  return {
    port: place.port,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

// Neither of them can listen on port 0 and say which it became.
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepting(port: number, child: ChildProcess): Promise<void> {
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error('it ended')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
