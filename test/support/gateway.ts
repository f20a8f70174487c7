// A whole gateway in one call, in this process: a config as text, real sockets on free ports.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { plugins } from '../../plugins/index.ts'
import { configurationChecks } from '../../src/checks.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { startGateway } from '../../src/gateway.ts'
import type { Gateway } from '../../src/operators.ts'
import { type ClientRequest, type ClientResponse, send } from './http-client.ts'

export interface TestGateway {
  readonly gateway: Gateway
  readonly url: string
  readonly port: number
  readonly statusUrl: string
  readonly adminUrl: string
  readonly file: string
  /** Log lines so far, parsed. */
  readonly log: Record<string, unknown>[]
  get(path: string, options?: ClientRequest): Promise<ClientResponse>
  /** Writes the config anew and reloads. */
  reload(config: string): Promise<{ readonly result: string; readonly message: string }>
  metrics(): Promise<string>
  stop(): Promise<void>
}

export interface TestGatewayOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Other files beside the config: name -> text. */
  readonly files?: Readonly<Record<string, string>>
  readonly name?: string
}

/** Throws the rendered faults when the config is not valid. */
export async function startTestGateway(
  config: string,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-test-'))
  const file = join(directory, options.name ?? 'turnpike.yaml')
  writeFileSync(file, endingAtOnce(config))
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), text)
  const env = options.env ?? {}
  const load = () => loadConfiguration(file, { plugins, env, checks: configurationChecks })
  const result = await load()
  if (!result.configuration) throw new Error(result.render(false))
  const log: Record<string, unknown>[] = []
  const gateway = await startGateway(result.configuration, {
    load,
    env,
    version: 'test',
    logTo: parsingSink(log),
    listen: '127.0.0.1:0',
    status: '127.0.0.1:0',
    admin: '127.0.0.1:0',
  })
  const { status, admin } = gateway.addresses
  const listen = gateway.addresses.listen!
  return {
    gateway,
    url: listen,
    port: Number(new URL(listen).port),
    statusUrl: status,
    adminUrl: admin,
    file,
    log,
    get: (path, request) => send(`${listen}${path}`, request),
    async reload(text) {
      writeFileSync(file, endingAtOnce(text))
      return gateway.reload()
    },
    metrics: async () => (await send(`${status}/metrics`)).body,
    stop: () => gateway.stop(),
  }
}

// No balancer has to notice that a test's gateway stops.
function endingAtOnce(config: string): string {
  return config.includes('drain:') ? config : `${config.trimEnd()}\ndrain: { delay: 0s }\n`
}

function parsingSink(log: Record<string, unknown>[]): Writable {
  let rest = ''
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop()!
      for (const line of lines) log.push(JSON.parse(line))
      done()
    },
  })
}
