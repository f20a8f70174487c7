// A real redis-server (or valkey-server) of one's own, which can be killed, stopped and started again.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'

const READY_WITHIN_MS = 10_000
const POLL_MS = 20

export interface TestRedis {
  readonly url: string
  readonly port: number
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay up and nothing answers. */
  pause(): void
  resume(): void
  /** Starts again, empty, on the same port. */
  restart(): Promise<void>
  /** Loses all keys and scripts, and goes on. */
  flush(): Promise<void>
}

export interface SharedRedis {
  readonly url: string
  /** Random, so that test files cannot see one another's keys. */
  readonly keyPrefix: string
  stop(): Promise<void>
}

/** The server that REDIS_URL names, or a new one. */
export async function sharedRedis(): Promise<SharedRedis> {
  const keyPrefix = `test-${randomBytes(8).toString('hex')}:`
  const given = process.env['REDIS_URL']
  if (given) return { url: given, keyPrefix, stop: async () => {} }
  const started = await startRedis()
  return { url: started.url, keyPrefix, stop: started.stop }
}

/** Starts a server without persistence on a free port. */
export async function startRedis(): Promise<TestRedis> {
  const program = findServer()
  const port = await freePort()
  let server = await launch(program, port)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop: () => end(server, 'SIGTERM'),
    kill: () => end(server, 'SIGKILL'),
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    restart: async () => {
      await end(server, 'SIGKILL')
      server = await launch(program, port)
    },
    flush: () => tell(port, 'FLUSHALL\r\nSCRIPT FLUSH\r\nQUIT\r\n'),
  }
}

/** Inline commands; resolves when the server has closed the connection. */
async function tell(port: number, commands: string): Promise<void> {
  const socket = connect(port, '127.0.0.1', () => socket.write(commands))
  await text(socket)
}

function findServer(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const name of ['redis-server', 'valkey-server']) {
    const found = folders.map((folder) => join(folder, name)).find(isExecutable)
    if (found) return found
  }
  throw new Error(
    'These tests need a Redis: set REDIS_URL, or put redis-server or valkey-server on PATH (apt-get install redis-server)',
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function launch(program: string, port: number): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-2000)
  }
  server.stdout.on('data', collect)
  server.stderr.on('data', collect)
  // A test worker that is ended early must not leave a server behind.
  const killIt = (): void => void server.kill('SIGKILL')
  process.once('exit', killIt)
  server.once('exit', () => process.off('exit', killIt))
  if (await answers(server, port)) return server
  await end(server, 'SIGKILL')
  throw new Error(`${program} did not start on port ${port}:\n${output}`)
}

async function answers(server: ChildProcess, port: number): Promise<boolean> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (performance.now() < deadline && server.exitCode === null) {
    if (await pong(port)) return true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return false
}

function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString().startsWith('+PONG'))
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill(signal)
    // A stopped process takes no other signal than SIGKILL until it goes on.
    server.kill('SIGCONT')
  })
}
