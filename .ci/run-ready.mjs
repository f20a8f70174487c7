// Starts a TypeScript file of this repository from a bare clone: installs what is missing, then runs it on Node 24.
// Plain JavaScript without dependencies: it has to run on the old Node that a machine happens to have.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
const RUNS_ON = 'v24.'
const INSTALL_WAIT_MS = 10 * 60_000
const POLL_MS = 200
const ORPHAN_POLL_MS = 500
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']

const root = resolve(fileURLToPath(import.meta.url), '../..')
const modules = join(root, 'node_modules')
const bin = join(modules, '.bin')
const node = join(bin, 'node')
const stampFile = join(modules, '.turnpike-stamp')
const windows = process.platform === 'win32'

class UserError extends Error {}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    console.error(error instanceof UserError ? `turnpike: ${error.message}` : error)
    process.exit(1)
  },
)

async function main(args) {
  checkNode()
  if (args.length === 0) throw new UserError('usage: node .ci/run-ready.mjs SCRIPT [ARGS]')
  if (!isInstalled()) await withInstallLock(install)
  return run(nodeBinary(), ['--conditions=turnpike-source', ...args], {
    env: { ...process.env, PATH: [bin, withoutBin(process.env.PATH)].join(delimiter) },
  })
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= OLDEST_NODE) return
  throw new UserError(
    `needs Node ${OLDEST_NODE} or newer to start, this is ${process.version}. ` +
      'Install a newer Node (https://nodejs.org) and run the same command again.',
  )
}

/** Installed means: made from this very lock file, on this platform. */
function isInstalled() {
  if (readText(stampFile) === stamp()) return true
  if (!matchesLockFile()) return false
  acceptInstall()
  return true
}

function stamp() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`
}

/** An install that somebody made by hand counts as well: npm leaves a lock file of what it has put there. */
function matchesLockFile() {
  const present = packagesIn(join(modules, '.package-lock.json'))
  if (present === undefined) return false
  const wanted = packagesIn(join(root, 'package-lock.json'))
  const same = (path) => wanted[path] !== undefined && wanted[path].version === present[path].version
  const there = (path) => path === '' || wanted[path].optional || present[path] !== undefined
  return Object.keys(present).every(same) && Object.keys(wanted).every(there)
}

function packagesIn(lockFile) {
  const text = readText(lockFile)
  return text === undefined ? undefined : JSON.parse(text).packages
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

async function install() {
  if (isInstalled()) return
  console.error('turnpike: installing dependencies (npm ci), once per clone and lock file ...')
  const startedAt = Date.now()
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const [command, ...before] = npm()
  const code = await run(command, [...before, ...flags], {
    cwd: root,
    // npm's stdout must not mix with what the started command prints there.
    stdio: ['ignore', 2, 2],
    shell: windows,
    // node_modules is deleted while npm runs: neither npm nor an install script may run on the Node inside it.
    env: { ...process.env, PATH: withoutBin(process.env.PATH) },
  })
  if (code !== 0) throw new UserError(`npm ci failed with exit code ${code}; its messages are above.`)
  acceptInstall()
  console.error(`turnpike: installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

function acceptInstall() {
  const { stdout, error } = spawnSync(nodeBinary(), ['--version'], { encoding: 'utf8' })
  const version = error ? `cannot run (${error.message})` : stdout.trim()
  if (!version.startsWith(RUNS_ON))
    throw new UserError(`node_modules/.bin/node ${version}, needed: ${RUNS_ON}x`)
  writeFileSync(stampFile, stamp())
}

/** The npm that is running us, else the one on PATH. */
function npm() {
  const cli = process.env.npm_execpath
  const usable = cli !== undefined && /npm-cli\.c?js$/.test(cli) && !process.execPath.startsWith(modules)
  return usable ? [process.execPath, cli] : ['npm']
}

function withoutBin(path) {
  const outside = (entry) => !resolve(entry).startsWith(modules)
  return (path ?? '').split(delimiter).filter(outside).join(delimiter)
}

function nodeBinary() {
  const binary = windows ? join(modules, 'node/bin/node.exe') : node
  if (existsSync(binary)) return binary
  throw new UserError(
    `the package "node" has no binary for ${process.platform}-${process.arch} in node_modules. ` +
      'If npm is set to ignore install scripts, run: npm rebuild node --ignore-scripts=false',
  )
}

/** One install at a time per clone. The lock lies outside of node_modules, which an install deletes. */
async function withInstallLock(work) {
  const lock = join(
    tmpdir(),
    `turnpike-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
  )
  await takeLock(lock)
  const release = () => readText(lock) === String(process.pid) && rmSync(lock, { force: true })
  process.once('exit', release)
  await work()
  release()
}

async function takeLock(lock) {
  const deadline = Date.now() + INSTALL_WAIT_MS
  let told = false
  while (!(await tryLock(lock))) {
    if (!told) console.error('turnpike: another start is installing the dependencies, waiting for it ...')
    told = true
    if (Date.now() > deadline)
      throw new UserError(`still locked by another start; if none runs, delete ${lock}`)
    await sleep(POLL_MS)
  }
}

async function tryLock(lock) {
  const owner = Number(readText(lock) ?? 0)
  if (owner && isAlive(owner)) return false
  rmSync(lock, { force: true })
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
  } catch {
    return false
  }
  // Two starts may have removed the same stale lock: the one whose id stands a moment later has it.
  await sleep(POLL_MS)
  return readText(lock) === String(process.pid)
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function run(command, args, options) {
  const child = spawn(command, args, { stdio: 'inherit', ...options })
  for (const signal of FORWARDED) process.on(signal, () => forward(child, signal))
  if (process.env.npm_lifecycle_event) endWithParent(child)
  return new Promise((resolveCode, reject) => {
    child.once('error', (error) => reject(new UserError(`cannot start ${command}: ${error.message}`)))
    child.once('exit', (code, signal) => resolveCode(code ?? 128 + constants.signals[signal]))
  })
}

function forward(child, signal) {
  // Ctrl-C reaches the whole foreground group: a second one from here would turn a drain into an abort.
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  child.kill(signal)
}

/** npm that is killed, and a shell between npm and us that is, tell nobody: what they started would run for ever. */
function endWithParent(child) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, ORPHAN_POLL_MS)
  timer.unref()
}

function sleep(ms) {
  return new Promise((wake) => setTimeout(wake, ms))
}
