// Team files: found by glob, merged into the root, refused when they hold more than services.
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../upstream/certificates.ts'
import { load, loaded, withRoute, writeFiles } from './config-under-test.ts'

const ROOT = `include: [services/*.yaml]\n`
const team = (name: string, extra = '') =>
  `${extra}services:\n  ${name}:\n    targets: [http://${name}]\n    routes: { r: /${name} }\n`

describe('included files', () => {
  it('add their services, in the order of their names', async () => {
    const { routes, services } = await loaded({
      'turnpike.yaml': `${ROOT}${withRoute('match: /x')}`,
      'services/c.yaml': team('c'),
      'services/b.yaml': team('b', 'x-owner: team-b\n'),
      'services/empty.yaml': '',
      'services/ignored.txt': 'not config',
    })
    expect([...services.keys()]).toEqual(['a', 'b', 'c'])
    expect(routes.map(({ id, origin }) => [id, origin.split('/').slice(-2).join('/')])).toEqual([
      ['a.r', expect.stringMatching(/turnpike\.yaml:6$/)],
      ['b.r', 'services/b.yaml:5'],
      ['c.r', 'services/c.yaml:4'],
    ])
  })

  it('may be all that there is', async () => {
    const { routes } = await loaded({
      'turnpike.yaml': `include: services/*.yaml\n`,
      'services/b.yaml': team('b'),
    })
    expect(routes.map(({ id }) => id)).toEqual(['b.r'])
  })

  it('take the defaults of the root file, and paths relative to themselves', async () => {
    const { cert } = makeCertificate(['b'])
    const { routes, services } = await loaded({
      'turnpike.yaml': `${ROOT}defaults: { timeout: 3s }\n`,
      'services/b.yaml': team('b')
        .replace('http:', 'https:')
        .replace('routes:', 'tls: { ca: ca.pem }\n    retry: {}\n    routes:'),
      'services/ca.pem': cert,
    })
    expect(services.get('b')?.tls?.ca).toEqual(Buffer.from(cert))
    const [timeout, retry] = routes[0]!.plugins
    expect(timeout?.directory).not.toMatch(/services$/)
    expect(retry?.directory).toMatch(/\/services$/)
    expect(timeout?.layers[0]?.origin).toMatch(/turnpike\.yaml:2$/)
    expect(retry?.layers[0]?.origin).toMatch(/services\/b\.yaml:5$/)
  })

  it('are watched, with the directory that they are looked for in', async () => {
    const { files } = await load({
      'turnpike.yaml': `include: [services/*.yaml, teams/*/gateway.yml, one.yaml]\n`,
      'services/b.yaml': team('b'),
      'teams/c/gateway.yml': team('c'),
      'one.yaml': team('d'),
    })
    const folder = files[0]!.replace(/\/turnpike\.yaml$/, '')
    expect(files.map((file) => file.replace(folder, '.')).sort()).toEqual([
      '.',
      './one.yaml',
      './services',
      './services/b.yaml',
      './teams',
      './teams/c/gateway.yml',
      './turnpike.yaml',
    ])
  })

  it('with faults are told at their own lines, those of the root first', async () => {
    const { render } = await load({
      'turnpike.yaml': `${ROOT}${withRoute('match: x')}`,
      'services/b.yaml': team('b').replace('/b }', 'get /b }'),
      'services/c.yaml': `services:\n  c: { targets: [http://c, *.d] }\n`,
      'services/d.yaml': 'services: {\n',
    })
    const told = render(false)
      .split('\n')
      .filter((line) => line.includes('  error  '))
    expect(told.map((line) => line.split('  error  ')[0])).toEqual([
      'turnpike.yaml:7:16',
      'services/b.yaml:4:18',
      'services/c.yaml:2:28',
      'services/d.yaml:2:1',
    ])
  })

  it('may not hold what belongs to the root file', async () => {
    const { render } = await load({
      'turnpike.yaml': ROOT,
      'services/b.yaml': team('b', 'admin: :9999\ndefaults: { auth: none }\n'),
    })
    expect(render(false)).toBe(
      `services/b.yaml:1:1  error  unknown key "admin"
    1 | admin: :9999
      | ^ an included file holds "services" only
services/b.yaml:2:1  error  unknown key "defaults"
    2 | defaults: { auth: none }
      | ^ an included file holds "services" only

2 errors — nothing was applied
`,
    )
  })

  it('that define a service twice are refused, with both places', async () => {
    const { render } = await load({
      'turnpike.yaml': ROOT,
      'services/b.yaml': team('b'),
      'services/c.yaml': team('b'),
    })
    expect(render(false)).toBe(
      `services/c.yaml:2:3  error  the service "b" is defined in two files
    2 |   b:
      |   ^ first defined at services/b.yaml:2

1 error — nothing was applied
`,
    )
  })

  it.each([
    ['a list', '- a\n', 'services/b.yaml:1:1  error  services/b.yaml is not a map of services'],
    [
      'services that are a list',
      'services: [a]\n',
      'services/b.yaml:1:11  error  services: not a map of services',
    ],
  ])('with %s are refused', async (_name, text, told) => {
    const { render } = await load({ 'turnpike.yaml': ROOT, 'services/b.yaml': text })
    expect(render(false)).toContain(told)
  })

  it('that are none for a pattern are an error at the pattern', async () => {
    const { render } = await load(`include: [services/*.yaml, ./*.yml]\n${withRoute('match: /x')}`)
    expect(render(false)).toContain(
      'turnpike.yaml:1:11  error  include[0]: "services/*.yaml" matches no file',
    )
    expect(render(false)).toContain('turnpike.yaml:1:28  error  include[1]: "./*.yml" matches no file')
    const one = await load(`include: services/*.yaml\n`)
    expect(one.render(false)).toContain(
      'turnpike.yaml:1:10  error  include: "services/*.yaml" matches no file',
    )
  })

  it('that are code are refused: a team file is data', async () => {
    const { render } = await load({
      'turnpike.yaml': 'include: [t.mjs]\n',
      't.mjs': 'throw new Error("ran")',
    })
    expect(render(false)).toContain(
      't.mjs  error  t.mjs has no format that is known\n        an included file is .yaml, .yml or .json',
    )
  })

  it('do not include the root file itself', async () => {
    const { routes } = await loaded({
      'turnpike.yaml': `include: ["*.yaml"]\n${withRoute('match: /x')}`,
      'b.yaml': team('b'),
    })
    expect(routes.map(({ id }) => id)).toEqual(['a.r', 'b.r'])
  })

  it('are a thousand at most', async () => {
    const teams = Array.from({ length: 1001 }, (_, at) => [`t/${at}.yaml`, ''] as const)
    const { render } = await load({ 'turnpike.yaml': 'include: [t/*.yaml]\n', ...Object.fromEntries(teams) })
    expect(render(false)).toContain('turnpike.yaml:1:10  error  include: 1001 files, more than 1000')
  })

  it('are not looked for in the whole system', async () => {
    const { render } = await load('include: /**/*.yaml\n')
    expect(render(false)).toContain(
      'turnpike.yaml:1:10  error  include: "/**/*.yaml" goes through more than 50000 files\n' +
        '    1 | include: /**/*.yaml\n' +
        '      |          ^ name the folder that they are in: teams/*.yaml',
    )
  })

  it('that are found by an absolute pattern are watched there', async () => {
    const folder = writeFiles({ 'teams/b.yaml': team('b') })
    const { files, configuration } = await load(`include: ${folder}/teams/*.yaml\n`)
    expect(configuration?.routes.map(({ id }) => id)).toEqual(['b.r'])
    expect(files).toContain(`${folder}/teams`)
  })

  it('give the same hash as one file', async () => {
    const split = await loaded({
      'turnpike.yaml': ROOT,
      'services/b.yaml': team('b'),
      'services/c.yaml': team('c'),
    })
    const one = await loaded(team('b') + team('c').replace('services:\n', ''))
    expect(split.hash).toBe(one.hash)
  })
})
