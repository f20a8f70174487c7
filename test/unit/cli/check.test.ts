// `turnpike check`: what it prints where, and its exit codes.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { check } from '../../../src/cli/check.ts'
import { type Files, withRoute, writeFiles } from '../config/config-under-test.ts'
import { runCommand } from './command-under-test.ts'

const GOOD = withRoute('match: /x')
const BAD = withRoute('match: x')

const inFolder = (files: Files, flags = {}, ...positionals: string[]) => {
  const cwd = writeFiles(files)
  return runCommand(check, { cwd, flags, positionals }).then((outcome) => ({
    ...outcome,
    stderr: outcome.stderr.replaceAll(`${cwd}/`, ''),
    stdout: outcome.stdout.replaceAll(`${cwd}/`, ''),
  }))
}

describe('check', () => {
  it('says what a valid config holds', async () => {
    expect(await inFolder({ 'turnpike.yaml': GOOD })).toEqual({
      code: 0,
      stdout: 'turnpike.yaml: 1 route, 1 service, ok\n',
      stderr: '',
    })
    const two = `${GOOD}  b: { targets: [http://b], routes: { s: /s, t: /t } }\n`
    expect((await inFolder({ 'conf/my.yml': two }, {}, 'conf/my.yml')).stdout).toBe(
      'conf/my.yml: 3 routes, 2 services, ok\n',
    )
  })

  it('finds the config of the working directory', async () => {
    for (const name of ['turnpike.yaml', 'turnpike.yml']) {
      expect((await inFolder({ [name]: GOOD })).stdout).toBe(`${name}: 1 route, 1 service, ok\n`)
    }
    const typed = `export default { services: { a: { targets: ['http://a'], routes: { r: '/x' } } } }`
    expect((await inFolder({ 'turnpike.config.ts': typed })).stdout).toBe(
      'turnpike.config.ts: 1 route, 1 service, ok\n',
    )
  })

  it('prints faults to stderr and exits 1', async () => {
    expect(await inFolder({ 'turnpike.yaml': BAD })).toEqual({
      code: 1,
      stdout: '',
      stderr: `turnpike.yaml:6:16  error  services.a.routes.r.match: the path "x" must start with "/"
    6 |         match: x
      |                ^ write "/x"

1 error — nothing was applied
`,
    })
  })

  it('prints faults as JSON, one line, to stdout', async () => {
    const { code, stdout, stderr } = await inFolder({ 'turnpike.yaml': BAD }, { json: true })
    expect(code).toBe(1)
    expect(stderr).toBe('')
    expect(stdout.trimEnd()).not.toContain('\n')
    expect(JSON.parse(stdout)).toEqual({
      file: 'turnpike.yaml',
      ok: false,
      faults: [
        {
          level: 'error',
          file: 'turnpike.yaml',
          line: 6,
          column: 16,
          path: 'services.a.routes.r.match',
          message: 'services.a.routes.r.match: the path "x" must start with "/"',
          hint: 'write "/x"',
        },
      ],
    })
  })

  it('prints a valid config as JSON with its hash', async () => {
    const { code, stdout } = await inFolder({ 'turnpike.yaml': GOOD }, { json: true })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      file: 'turnpike.yaml',
      ok: true,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      routes: 1,
      services: 1,
      faults: [],
    })
  })

  it('prints warnings, and is content', async () => {
    const files = {
      'turnpike.yaml': withRoute(`match: { path: /x, query: { q: "\${file:key}" } }`),
      key: 'k',
    }
    const { code, stdout, stderr } = await inFolder(files)
    expect(code).toBe(0)
    expect(stderr).toContain('turnpike.yaml:6:40  warning  ')
    expect(stdout).toBe('turnpike.yaml: 1 route, 1 service, ok\n')
    expect(JSON.parse((await inFolder(files, { json: true })).stdout).faults).toMatchObject([
      { level: 'warning' },
    ])
  })

  it('runs the checks that it is given', async () => {
    const cwd = writeFiles({ 'turnpike.yaml': GOOD })
    const checks = [() => [{ path: ['services', 'a'], message: 'is not wanted' }]]
    expect((await runCommand(check, { cwd, checks })).stderr).toContain('services.a: is not wanted')
  })

  it('builds what it has read: a key file that is missing is found with its route, plugin and line', async () => {
    const config = `auth:
  corp: { type: jwt, issuer: https://id.test, audience: api, publicKeyFile: ./gone.pem }
${withRoute('match: /x\nauth: corp')}`
    const cwd = writeFiles({ 'turnpike.yaml': config })
    const { code, stdout, stderr } = await runCommand(check, { cwd, plugins })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /turnpike\.yaml:9 {2}error {2}a\.r: auth: auth\.corp\.publicKeyFile: ENOENT.*gone\.pem/,
    )
    expect(stderr).toContain('1 error — nothing was applied')
    const asJson = JSON.parse((await runCommand(check, { cwd, plugins, flags: { json: true } })).stdout)
    expect(asJson).toMatchObject({ ok: false, faults: [{ level: 'error', line: 9 }] })
  })

  it('refuses what cannot be built for any other reason, without a line', async () => {
    const broken = {
      ...plugins.find(({ name }) => name === 'timeout')!,
      identityHeaders: () => {
        throw new Error('no such names')
      },
    }
    const cwd = writeFiles({ 'turnpike.yaml': GOOD })
    const { code, stderr } = await runCommand(check, { cwd, plugins: [broken] })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/turnpike\.yaml {2}error {2}no such names\n/)])
  })

  it('dials neither targets nor key servers, and closes what it has built', async () => {
    let dialled = 0
    const server = createServer().on('connection', () => dialled++)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const config = `auth: { corp: { type: jwt, issuer: https://id.test, audience: api, jwksUrl: ${url}/jwks } }
${withRoute('match: /x\nauth: corp', '    health: { path: /up, every: 1s }\n').replace('http://a', url)}`
    const closed: string[] = []
    const spy = {
      ...plugins.find(({ name }) => name === 'timeout')!,
      create: () => ({
        async close() {
          closed.push('closed')
        },
      }),
    }
    const cwd = writeFiles({ 'turnpike.yaml': `defaults: { timeout: 1s }\n${config}` })
    const given = plugins.map((plugin) => (plugin.name === 'timeout' ? spy : plugin))
    expect(await runCommand(check, { cwd, plugins: given })).toMatchObject({ code: 0, stderr: '' })
    expect(closed).toEqual(['closed'])
    await new Promise((resolve) => setImmediate(resolve))
    expect(dialled).toBe(0)
  })

  it('exits 1 for a file that does not exist', async () => {
    const { code, stderr } = await inFolder({}, {}, 'none.yaml')
    expect(code).toBe(1)
    expect(stderr).toContain('none.yaml  error  ')
  })

  it.each([
    ['no config at all', [], 'no config: give a FILE, or write turnpike.yaml (turnpike init)'],
    ['two configs', ['a.yaml', 'b.yaml'], 'check takes one FILE'],
  ])('exits 64 for %s', async (_name, positionals, fault) => {
    const { code, stderr, stdout } = await inFolder({}, {}, ...positionals)
    expect(code).toBe(64)
    expect(stderr).toBe(`turnpike: ${fault}\nhow it is used: turnpike --help\n`)
    expect(stdout).toBe('')
  })
})
