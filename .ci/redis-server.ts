// Makes sure that the tests find a redis-server: on PATH, or installed with apt where that is possible.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const PROGRAMS = ['redis-server', 'valkey-server']

const MISSING = `The tests run against a real Redis, and none was found. Do one of these and run them again:
  - install Redis 7 or Valkey 7.2 or newer, so that redis-server or valkey-server is on PATH
    (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis)
  - set REDIS_URL to a server that may be written to; tests that kill a server still need the program`

/** Returns what is wrong, or undefined when the tests can start. */
export function ensureRedisServer(): string | undefined {
  if (findOnPath(PROGRAMS)) return undefined
  if (canInstall()) return installRedis()
  if (process.env['REDIS_URL']) return undefined
  return MISSING
}

function findOnPath(programs: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function canInstall(): boolean {
  return (
    process.getuid?.() === 0 && existsSync('/etc/debian_version') && findOnPath(['apt-get']) !== undefined
  )
}

function installRedis(): string | undefined {
  console.error('tests: no redis-server on PATH, installing it with apt-get ...')
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'redis-server']]) {
    const done = spawnSync('apt-get', ['-qq', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (done.status !== 0)
      return `apt-get ${args.join(' ')} failed:\n${done.stdout}${done.stderr}\n${MISSING}`
  }
  stopPackagedService()
  return findOnPath(PROGRAMS) ? undefined : `redis-server was installed, but is not on PATH\n${MISSING}`
}

// The package starts a server on 6379 by itself; the tests start their own on free ports.
function stopPackagedService(): void {
  if (existsSync('/run/systemd/system')) spawnSync('systemctl', ['disable', '--now', 'redis-server'])
  else spawnSync('service', ['redis-server', 'stop'])
}
