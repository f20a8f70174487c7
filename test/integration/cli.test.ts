// The command line as a user meets it: output, messages and exit codes.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { startProcessGateway } from '../support/process-gateway.ts'
import { startTarget } from '../support/target-server.ts'

const MAIN = fileURLToPath(new URL('../../src/start.ts', import.meta.url))
const START = fileURLToPath(new URL('../../src/start.ts', import.meta.url))
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const FIXTURES = fileURLToPath(new URL('../fixtures/config', import.meta.url))

function turnpike(args: readonly string[], cwd = tmpdir()) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=turnpike-source', MAIN, ...args],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  return { status, stdout, stderr }
}

describe('turnpike', () => {
  it('without a command shows how it is used and exits with 64', () => {
    expect(turnpike([])).toMatchObject({
      status: 64,
      stdout: '',
      stderr: 'turnpike: a command is needed\nhow it is used: turnpike --help\n',
    })
  })

  it.each([[['nonsense']], [['run', '--nonsense']], [['explain', 'GET']]])(
    '%s is wrong usage: 64',
    (args) => {
      expect(turnpike(args).status).toBe(64)
    },
  )

  it.each([
    [['chekc'], 'there is no command "chekc": did you mean "check"?'],
    [
      ['run', '--listen', 'nonsense'],
      '--listen "nonsense" is not an address to listen on: write host:port, [ipv6]:port or :port',
    ],
    [['run', 'a.yaml', 'b.yaml'], 'run takes one FILE'],
    [['run', '--workers', '257'], '--workers 257: expected auto or a number from 1 to 256'],
    [['routes', 'a.yaml', 'b.yaml'], 'routes takes one FILE'],
  ])('%s says in two lines what is wrong', (args, fault) => {
    expect(turnpike(args)).toEqual({
      status: 64,
      stdout: '',
      stderr: `turnpike: ${fault}\nhow it is used: turnpike --help\n`,
    })
  })

  it('ends quietly when nobody reads on', async () => {
    const args = ['--conditions=turnpike-source', MAIN, 'schema']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('--help and --version print to stdout and exit with 0', () => {
    expect(turnpike(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('explain METHOD URL'),
    })
    expect(turnpike(['--version']).stdout).toMatch(/^turnpike \d+\.\d+\.\d+\n$/)
  })
})

describe('the installed command', () => {
  const start = (version: string) => {
    const versions = JSON.stringify({ ...process.versions, node: version })
    const pretend = `Object.defineProperty(process, 'versions', { value: ${versions} })`
    const args = [
      '--conditions=turnpike-source',
      '--import',
      `data:text/javascript,${pretend}`,
      START,
      '--version',
    ]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const oldest = engines.node.match(/\d+\.\d+/)[0]

  it('runs on the oldest Node that the package allows, and on newer ones', () => {
    for (const version of [`${oldest}.0`, '26.0.0']) {
      expect(start(version)).toEqual({
        status: 0,
        stdout: expect.stringMatching(/^turnpike \d/),
        stderr: '',
      })
    }
  })

  it.each(['18.20.0', '20.19.5', '22.19.0', '24.11.1'])('says on Node %s which one it needs', (version) => {
    expect(start(version)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^turnpike: needs Node ${oldest} or newer, this is .*\\n$`)),
    })
  })
})

describe('turnpike check', () => {
  it('accepts the fifteen-line task', () => {
    const { status, stderr, stdout } = turnpike(['check', join(EXAMPLES, 'fifteen-lines.yaml')])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('ok')
  })

  it('prints all ten mistakes of a file with position and suggestion, and exits with 1', () => {
    const { status, stderr } = turnpike(['check', join(FIXTURES, 'ten-mistakes.yaml')])
    expect(status).toBe(1)
    const positions = stderr.match(/ten-mistakes\.yaml:\d+:\d+ {2}error/g) ?? []
    expect(positions).toHaveLength(10)
    expect(stderr).toContain('did you mean')
    expect(stderr).toContain('10 errors')
  })
})

describe('turnpike routes', () => {
  it('lists the table, most specific first', () => {
    const { status, stdout } = turnpike(['routes', join(EXAMPLES, 'fifteen-lines.yaml')])
    expect(status).toBe(0)
    expect(stdout).toMatch(/orders\.orders .*api\.example\.com .*\/orders\/\*/)
  })
})

describe('turnpike explain', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'turnpike-explain-')), 'turnpike.yaml')
  writeFileSync(
    file,
    [
      'defaults:',
      '  timeout: 10s',
      '  rateLimit: { limit: 50/s, by: ip }',
      'services:',
      '  web: { targets: [http://127.0.0.1:9], routes: { all: /* } }',
      '  orders:',
      '    targets: [http://127.0.0.1:9, http://127.0.0.1:8]',
      '    timeout: 3s',
      '    routes:',
      '      read:',
      '        match: GET /orders/*',
      '        rateLimit: { limit: 100/min }',
      '',
    ].join('\n'),
  )

  it('names the winner, who lost and why, and the origin of each value', () => {
    const { status, stdout } = turnpike(['explain', 'GET', 'http://any.test/orders/42', file])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^orders\.read .*turnpike\.yaml:1[01]/)
    expect(stdout).toMatch(/beats .*web\.all .*less specific/)
    expect(stdout).toMatch(/timeout .*3000.*turnpike\.yaml:8 {2}service/)
    expect(stdout).toMatch(/rateLimit .*50.*turnpike\.yaml:3 {2}defaults/)
    expect(stdout).toMatch(/rateLimit .*100.*turnpike\.yaml:12 {2}route/)
    expect(stdout).toContain('http://127.0.0.1:9, http://127.0.0.1:8')
    expect(stdout).not.toContain('10000')
  })

  it('says why nothing wins, with exit code 1', () => {
    const narrow = join(mkdtempSync(join(tmpdir(), 'turnpike-explain-')), 'turnpike.yaml')
    writeFileSync(narrow, 'services:\n  a: { targets: [http://127.0.0.1:9], routes: { r: GET /a } }\n')
    expect(turnpike(['explain', 'POST', '/a', narrow])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('405'),
    })
    expect(turnpike(['explain', 'GET', '/b', narrow])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^no route: 404\n {2}near +a\.r {2}GET \/a {2}\(path \/b is not \/a\)/),
    })
  })

  it('speaks JSON when asked', () => {
    const { stdout } = turnpike(['explain', 'GET', 'http://any.test/orders/42', file, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ route: { id: 'orders.read' }, candidates: expect.any(Array) })
  })
})

describe('turnpike run', () => {
  it('prints the real addresses as one JSON line and serves on them', async () => {
    const target = await startTarget()
    const gateway = await startProcessGateway(
      `services: { api: { targets: ["${target.url}"], routes: { all: { match: { path: /*, query: { v: "1" } }, rewrite: /y } } } }\n`,
    )
    expect((await send(`${gateway.listen}/x?v=1`)).status).toBe(200)
    expect((await send(`${gateway.status}/readyz?verbose`)).body).toBe(
      '[+]listening ok\n[+]accepting ok\nok\n',
    )
    expect((await send(`${gateway.admin}/api/generation`)).json()).toMatchObject({ number: 1 })
    expect((await send(`${gateway.admin}/api/routes`)).json()).toMatchObject({
      routes: [{ id: 'api.all', pattern: '/*', query: [{ name: 'v', value: '1' }], rewrite: { path: '/y' } }],
    })
    expect(await gateway.stop()).toBe(0)
    await target.close()
  })

  it('says where clients connect, also where there are listeners alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'turnpike-ready-'))
    const listeners = '{ inner: { address: "127.0.0.1:0" } }'
    const services = '{ a: { targets: ["http://127.0.0.1:1"], routes: { r: /x } } }'
    const file = join(folder, 'turnpike.yaml')
    writeFileSync(file, `listen: false\nlisteners: ${listeners}\nservices: ${services}\n`)
    const args = ['run', file, '--status', '127.0.0.1:0', '--admin', '127.0.0.1:0']
    const child = spawn(process.execPath, ['--conditions=turnpike-source', MAIN, ...args])
    child.stdout.resume()
    const [line] = await once(createInterface(child.stderr), 'line')
    child.kill('SIGKILL')
    expect(line).toMatch(/ is ready {3}clients http:\/\/127\.0\.0\.1:\d+ {3}status http/)
  })

  it('with a bad config prints the faults and exits with 1', () => {
    const { status, stderr } = turnpike(['run', join(FIXTURES, 'ten-mistakes.yaml')])
    expect(status).toBe(1)
    expect(stderr).toContain('10 errors')
  })

  it('with a file that is not there says so', () => {
    expect(turnpike(['run', 'nowhere.yaml'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nowhere.yaml'),
    })
  })
})
