// What the numbers were measured on: one line for the machine, one for each program.
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { findProgram, versionOf } from './programs.ts'

export interface MachineFacts {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  /** Program or library -> version, or `missing`. */
  readonly versions: Readonly<Record<string, string>>
}

const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  nginx: ['-v'],
  haproxy: ['-v'],
  caddy: ['version'],
  'redis-server': ['--version'],
}

const LIBRARIES = ['fastify', '@fastify/http-proxy', 'undici']

export function readMachineFacts(): MachineFacts {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
    versions: {
      turnpike: packageVersion('../../package.json'),
      ...Object.fromEntries(
        Object.entries(PROGRAMS).map(([name, args]) => [name, programVersion(name, args)]),
      ),
      ...Object.fromEntries(
        LIBRARIES.map((name) => [name, packageVersion(`../../node_modules/${name}/package.json`)]),
      ),
    },
  }
}

function programVersion(name: string, args: readonly string[]): string {
  const program = findProgram(name)
  return program === undefined ? 'missing' : versionOf(program, ...args)
}

function packageVersion(path: string): string {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version
}
