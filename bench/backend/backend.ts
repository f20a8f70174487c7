// What stands behind every contestant: nginx with fixed answers, and a Node server that takes uploads.
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requestHead } from '../load/request-bytes.ts'
import { findProgram } from '../machine/programs.ts'
import { processTree } from '../machine/usage.ts'
import { awaitAnswer } from '../processes/await-answer.ts'
import { type Child, type Command, startChild } from '../processes/child.ts'
import { freePort } from '../processes/free-port.ts'
import { FILE_BYTES, MEGABYTE, SMALL_JSON } from './payloads.ts'

export interface Backend {
  readonly program: 'nginx' | 'node'
  /** Fixed answers. */
  readonly port: number
  /** Answers an upload when all of it has come. */
  readonly uploadPort: number
  pids(): number[]
  stop(): Promise<void>
}

export async function startBackend(folder: string): Promise<Backend> {
  const files = writeFiles(join(folder, 'files'))
  const [port, uploadPort] = [await freePort(), await freePort()]
  const nginx = findProgram('nginx')
  const fixed = nginx ? nginxCommand({ nginx, port, folder, files }) : nodeCommand(port, files)
  const children = [
    await started('backend', fixed, port),
    await started('upload backend', nodeCommand(uploadPort, files), uploadPort),
  ]
  return {
    program: nginx ? 'nginx' : 'node',
    port,
    uploadPort,
    pids: () => processTree(children[0]!.pid),
    stop: async () => void (await Promise.all(children.map((child) => child.stop()))),
  }
}

async function started(name: string, command: Command, port: number): Promise<Child> {
  const child = startChild(name, command)
  await awaitAnswer(child, { port, request: requestHead(), expectedStatus: 200 })
  return child
}

function writeFiles(folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const [path, bytes] of Object.entries(FILE_BYTES)) {
    const file = join(folder, path)
    writeFileSync(file, bytes <= MEGABYTE ? 'x'.repeat(bytes) : '')
    truncateSync(file, bytes)
  }
  return folder
}

function nodeCommand(port: number, files: string): Command {
  const script = fileURLToPath(new URL('./node-backend.ts', import.meta.url))
  return { program: process.execPath, args: [script, String(port), files] }
}

interface NginxBackend {
  readonly nginx: string
  readonly port: number
  readonly folder: string
  readonly files: string
}

function nginxCommand({ nginx, port, folder, files }: NginxBackend): Command {
  const file = join(folder, 'backend.conf')
  writeFileSync(
    file,
    `worker_processes 1;
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${folder}/backend.pid;
error_log ${folder}/backend.log;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path ${folder}/backend-body;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type application/json;
    location / { return 200 '${SMALL_JSON}'; }
${Object.keys(FILE_BYTES)
  .map((path) => `    location = ${path} { root ${files}; }`)
  .join('\n')}
  }
}
`,
  )
  return { program: nginx, args: ['-c', file, '-e', `${folder}/backend.log`] }
}
