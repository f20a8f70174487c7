// Packs the built package, installs it into an empty project and lets its command serve one request.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './steps.ts'

const READY_WITHIN_MS = 20_000
const ANSWER = 'hello from behind the gateway'

const config = (target: string) => `services:
  hello:
    targets: [${target}]
    routes:
      hello: /hello/*
`

// What a plugin's author writes: the published types must hold in a project that has no types of its own.
const PLUGIN = `import { defineConfig, type Exchange, type Plugin } from 'turnpike'
import { z } from 'zod'

export const shout: Plugin<{ word: string }> = {
  name: 'shout',
  stage: 'request',
  summary: 'Shouts.',
  settings: z.strictObject({ word: z.string() }),
  create: ({ word }) => ({ onRequest: (exchange: Exchange) => exchange.request.headers.set('X-Word', word) }),
}

export const config = defineConfig({ services: { a: { targets: ['http://a'], routes: { r: '/x' } } } })
`
const STRICT = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024']

async function smoke(project: string): Promise<void> {
  npm(['pack', '--pack-destination', project], ROOT)
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))
  if (!tarball) throw new Error('npm pack made no tarball')
  writeFileSync(join(project, 'package.json'), '{ "name": "smoke", "private": true }\n')
  npm(['install', `./${tarball}`, '--prefer-offline', '--no-audit', '--no-fund'], project)

  writeFileSync(join(project, 'plugin.mts'), PLUGIN)
  run(join(ROOT, 'node_modules/.bin/tsc'), [...STRICT, 'plugin.mts'], project)

  const service = createServer((_request, response) => response.end(ANSWER)).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port } = service.address() as AddressInfo
  writeFileSync(join(project, 'turnpike.yaml'), config(`http://127.0.0.1:${port}`))
  try {
    run(join(project, 'node_modules/.bin/turnpike'), ['check', 'turnpike.yaml'], project)
    await serveOneRequest(project)
  } finally {
    service.close()
    service.closeAllConnections()
  }
}

async function serveOneRequest(project: string): Promise<void> {
  const free = '127.0.0.1:0'
  const args = ['run', 'turnpike.yaml', '--json', '--listen', free, '--status', free, '--admin', free]
  const gateway = spawn(join(project, 'node_modules/.bin/turnpike'), args, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(gateway, 'exit')
  const timer = setTimeout(() => gateway.kill('SIGKILL'), READY_WITHIN_MS)
  const line = await Promise.race([once(createInterface(gateway.stdout), 'line'), ended])
  clearTimeout(timer)
  if (typeof line[0] !== 'string')
    throw new Error(`turnpike run ended before it was ready: ${line[0] ?? line[1]}`)
  const { listen } = JSON.parse(line[0])
  try {
    const response = await fetch(`${listen}/hello/world`)
    const body = await response.text()
    if (response.status !== 200 || body !== ANSWER) throw new Error(`answered ${response.status}: ${body}`)
  } finally {
    gateway.kill('SIGTERM')
  }
  const [code, signal] = await ended
  if (code !== 0) throw new Error(`turnpike run ended with ${code ?? signal} after SIGTERM`)
}

function npm(args: readonly string[], cwd: string): void {
  run('npm', [...args, '--loglevel=error'], cwd)
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status === 0) return
  const said = error ? error.message : `${stdout}${stderr}`
  throw new Error(`${command} ${args.join(' ')} failed with ${status}:\n${said}`)
}

const project = mkdtempSync(join(tmpdir(), 'turnpike-smoke-'))
try {
  await smoke(project)
  console.log('smoke: the packed package installs, checks a config, serves a request and ends with 0')
} catch (thrown) {
  console.error(`smoke: ${(thrown as Error).message}`)
  process.exitCode = 1
} finally {
  rmSync(project, { recursive: true, force: true })
}
