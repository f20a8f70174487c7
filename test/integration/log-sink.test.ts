import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readPrometheus } from '../unit/telemetry/prometheus-reader.ts'

const SOURCE = new URL('../../src/telemetry/telemetry.ts', import.meta.url)
const CLOCK = new URL('../../src/system-clock.ts', import.meta.url)
const EXCHANGE = new URL('../unit/telemetry/fake-exchange.ts', import.meta.url)

/** An HTTP server that writes an access-log line of about 1 KB per request to its real standard output. */
const PROGRAM = `
  import { createServer } from 'node:http'
  import { createTelemetry } from '${SOURCE}'
  import { systemClock } from '${CLOCK}'
  import { FINISHED, fakeExchange, ROUTE } from '${EXCHANGE}'
  const telemetry = await createTelemetry({
    clock: systemClock, logLevel: 'info', accessLog: true, sample: 0, env: {}, version: '1',
  })
  const recorder = telemetry.route(ROUTE)
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics') return response.end((await telemetry.metricsText()).join(''))
    for (let n = 0; n < 20; n++) recorder.finish(fakeExchange({ path: '/' + 'p'.repeat(1000) }), FINISHED)
    response.end('ok')
  })
  process.on('SIGTERM', async () => {
    await telemetry.shutdown()
    process.exit(0)
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
`

let folder: string
let fifo: number
let child: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'))
  execFileSync('mkfifo', [join(folder, 'fifo')])
  // For reading and writing: opens without a peer, and never says end of file.
  fifo = openSync(join(folder, 'fifo'), 'r+')
})
afterEach(() => {
  child?.kill('SIGKILL')
  child = undefined
  closeSync(fifo)
  rmSync(folder, { recursive: true })
})

async function start(stdout: 'pipe' | number): Promise<string> {
  child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', stdout, 'inherit', 'ipc'],
  })
  const [port] = await once(child, 'message')
  return `http://127.0.0.1:${port}`
}

async function load(url: string, requests: number): Promise<string[]> {
  const answers: string[] = []
  for (let n = 0; n < requests; n += 10) {
    const some = await Promise.all(
      Array.from({ length: 10 }, () => fetch(url).then((answer) => answer.text())),
    )
    answers.push(...some)
  }
  return answers
}

const dropped = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return readPrometheus(text).value('gateway_log_dropped_total')
}

async function end(): Promise<number | null> {
  const exited = once(child!, 'exit')
  child!.kill('SIGTERM')
  const [code] = await exited
  return code as number | null
}

describe('a process whose log nobody reads', () => {
  it.each([['a pipe'], ['a socket']])('serves on, drops and counts, and still ends, on %s', async (kind) => {
    const url = await start(kind === 'a pipe' ? fifo : 'pipe')
    child!.stdout?.pause()
    const answers = await load(url, 600)
    expect(answers).toHaveLength(600)
    expect(new Set(answers)).toEqual(new Set(['ok']))
    expect(await dropped(url)).toBeGreaterThan(1000)
    expect(await end()).toBe(0)
  })

  it('lives when the reader goes away', async () => {
    const url = await start('pipe')
    await load(url, 10)
    child!.stdout!.destroy()
    expect(new Set(await load(url, 100))).toEqual(new Set(['ok']))
    await expect.poll(() => dropped(url)).toBeGreaterThan(1000)
    expect(await end()).toBe(0)
  })
})

describe('a process whose log is read again', () => {
  it('goes on with whole lines and says how many were lost', async () => {
    const url = await start('pipe')
    child!.stdout!.pause()
    await load(url, 600)
    const lost = await dropped(url)
    let text = ''
    child!.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    child!.stdout!.resume()
    await expect.poll(() => text).toMatch(/log lines were dropped.*\n$/)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.at(-1)).toMatchObject({ level: 'warn', lines: lost })
    expect(lines).toHaveLength(600 * 20 - lost + 1)
    expect(await end()).toBe(0)
  })
})

describe('a process that logs to a file', () => {
  it('has written every line when it ends', async () => {
    const file = openSync(join(folder, 'log'), 'a')
    const url = await start(file)
    closeSync(file)
    await load(url, 100)
    expect(await end()).toBe(0)
    const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(2000)
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ msg: 'request' })
  })

  it('serves on when the disk is full', async () => {
    const full = openSync('/dev/full', 'w')
    const url = await start(full)
    closeSync(full)
    expect(new Set(await load(url, 50))).toEqual(new Set(['ok']))
    await expect.poll(() => dropped(url)).toBe(1000)
    expect(await end()).toBe(0)
  })
})
