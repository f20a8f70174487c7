// Environment variables, files and secrets: filled in after parsing, once, and secrets never shown.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of the config.
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfiguration } from '../../../src/config/load.ts'
import { env, secret } from '../../../src/config/placeholders.ts'
import { faultsOf, load, loaded, testPlugins, withRoute, writeFiles } from './config-under-test.ts'

const filled = async (written: string, variables: Record<string, string> = {}) => {
  const { routes } = await loaded(withRoute(`match: { path: /x, query: { q: ${written} } }`), {
    env: variables,
  })
  return routes[0]?.query[0]?.value
}

describe('a variable', () => {
  it('is put where it stands, also within a text', async () => {
    expect(await filled('"${A}"', { A: 'one' })).toBe('one')
    expect(await filled('"<${A}-${B:-two}>"', { A: 'one' })).toBe('<one-two>')
  })

  it('that is missing or empty gets its default', async () => {
    expect(await filled('"${A:-two}"')).toBe('two')
    expect(await filled('"${A:-two}"', { A: '' })).toBe('two')
    expect(await filled('"${A:-}"')).toBe('')
    expect(await filled('"${A:-redis://localhost:6379}"')).toBe('redis://localhost:6379')
  })

  it('that is set but empty is empty', async () => {
    expect(await filled('"${A}"', { A: '' })).toBe('')
  })

  it('that is missing is an error at its line', async () => {
    expect(
      await faultsOf('redis: ${REDIS}\nservices:\n  a: { targets: ["${A}"], routes: { r: /x } }\n'),
    ).toEqual([
      '1:8 redis: the environment variable REDIS is not set (set it, or write ${REDIS:-default})',
      '3:18 services.a.targets[0]: the environment variable A is not set (set it, or write ${A:-default})',
    ])
  })

  it('cannot bring another variable, a key or a list', async () => {
    expect(await filled('"${A}"', { A: '${B} }, evil: { x', B: 'never' })).toBe('${B} }, evil: { x')
    expect(await filled('"${A:-${B}"', { B: 'never' })).toBe('${B')
  })

  it('is read as a number or a switch where one is needed, and as a text where one is', async () => {
    const configuration = await loaded(
      `accessLog: \${LOG}
services:
  a:
    targets: [{ url: http://a, weight: "\${WEIGHT}" }]
    canary: { percent: "\${SHARE:-5}", targets: [http://b] }
    connections: { max: "\${MAX:-64}" }
    routes: { r: { match: { path: /x, query: { v: "\${V}" } }, retry: { attempts: "\${TRIES}" } } }
`,
      { env: { LOG: 'false', WEIGHT: '2.5', V: '7', TRIES: '3' } },
    )
    expect(configuration.accessLog).toBe(false)
    const service = configuration.services.get('a')
    expect(service?.targets[0]?.weight).toBe(2.5)
    expect(service?.canary?.percent).toBe(0.05)
    expect(service?.connections.max).toBe(64)
    expect(configuration.routes[0]?.query).toEqual([{ name: 'v', value: '7' }])
    expect(configuration.routes[0]?.plugins[0]?.settings).toEqual({ attempts: 3 })
  })

  it('that is neither is told as it is', async () => {
    const told = await faultsOf(withRoute('match: /x\nretry: { attempts: "${N}" }'), { env: { N: 'many' } })
    expect(told).toEqual(['7:28 services.a.routes.r.retry.attempts: "many" is not a number'])
  })

  it('hides no other mistake of the same map', async () => {
    const told = await faultsOf(withRoute('match: /x\nretry: { attempts: "${N}", attemps: 1, x-why: 1 }'), {
      env: { N: '2' },
    })
    expect(told).toEqual([
      '7:36 unknown key "attemps" in services.a.routes.r.retry (did you mean "attempts"?)',
    ])
  })

  it('is not looked for in keys', async () => {
    expect(
      await faultsOf(`services:\n  a:\n    targets: [http://a]\n    "\${A}": 1\n    routes: { r: /x }\n`),
    ).toEqual([expect.stringContaining('4:5 unknown key "${A}" in services.a')])
  })
})

describe('a placeholder', () => {
  it('of an unknown kind is an error', async () => {
    const told = await faultsOf(withRoute('match: { path: /x, query: { q: "${vault:x}" } }'))
    expect(told).toEqual([
      '6:40 services.a.routes.r.match.query.q: ${vault:x} is not a placeholder (write ${NAME}, ${NAME:-default}, ${file:/path} or ${secret:NAME}; $${ stands for a plain ${)',
    ])
  })

  it('with two dollars is left as a text', async () => {
    expect(await filled('"$${A} and ${A}"', { A: 'one' })).toBe('${A} and one')
  })
})

describe('a secret', () => {
  const text = withRoute('match: { path: /x, query: { q: "${secret:KEY}" } }')

  it('comes from the environment first', async () => {
    const { routes } = await loaded(text, { env: { KEY: 'from-env', TURNPIKE_SECRETS_DIR: '/nowhere' } })
    expect(routes[0]?.query[0]?.value).toBe('from-env')
  })

  it('comes from the directory of secrets, without the line break at the end', async () => {
    const folder = writeFiles({ 'turnpike.yaml': text, 'secrets/KEY': 'from-file\n' })
    const result = await loadConfiguration(join(folder, 'turnpike.yaml'), {
      plugins: testPlugins,
      env: { TURNPIKE_SECRETS_DIR: join(folder, 'secrets') },
    })
    expect(result.configuration?.routes[0]?.query[0]?.value).toBe('from-file')
    expect(result.files).toEqual([join(folder, 'turnpike.yaml'), join(folder, 'secrets/KEY')])
  })

  it('that is missing is an error that says both places', async () => {
    expect(await faultsOf(text)).toEqual([
      '6:40 services.a.routes.r.match.query.q: the secret KEY is missing: /run/secrets/KEY does not exist (set the environment variable KEY, or write that file)',
    ])
  })

  it('may not name a path', async () => {
    const told = await faultsOf(text.replace('secret:KEY', 'secret:../../etc/passwd'))
    expect(told).toEqual([expect.stringContaining('${secret:../../etc/passwd} is not a placeholder')])
  })

  it.each([
    ['short', 'k3y'],
    ['with quotes and line breaks', 'a "quoted"\nline of a secret'],
    ['long', 'supersecret'.repeat(40)],
  ])('%s is never shown, neither in a fault nor by redact', async (_name, value) => {
    const wrong = `redis: \${secret:KEY}
services:
  a:
    targets: ["\${secret:KEY}"]
    host: "\${secret:KEY}!"
    tls: { ca: { "x": "\${secret:KEY}" } }
    routes: { r: { match: "x\${secret:KEY}", auth: "\${secret:KEY}", timeout: "\${secret:KEY}" } }
`
    const result = await load(wrong, { env: { KEY: value } })
    expect(result.faults.length).toBeGreaterThanOrEqual(6)
    const shown = JSON.stringify(result.faults) + result.render(false)
    for (const form of [value, JSON.stringify(value).slice(1, -1), value.slice(0, 30)]) {
      expect(shown).not.toContain(form)
    }
    const { redact } = await loaded(text, { env: { KEY: value } })
    expect(redact(`the value is ${JSON.stringify(value)}`)).toBe('the value is "***"')
  })
})

describe('a file', () => {
  it('gives its text, relative to the file that names it', async () => {
    const { routes } = await loaded({
      'conf/turnpike.yaml': withRoute('match: { path: /x, query: { q: "${file:./key.txt}" } }'),
      'conf/key.txt': 'text of the file\n',
    })
    expect(routes[0]?.query[0]?.value).toBe('text of the file')
  })

  it('that is missing, large or endless is an error', async () => {
    const told = await faultsOf({
      'turnpike.yaml': withRoute(
        'match: { path: /x, query: { a: "${file:none}", b: "${file:big}", c: "${file:.}", d: "${file:/dev/zero}" } }',
      ),
      big: 'x'.repeat(70_000),
    })
    expect(told.map((one) => one.replace(/^.*?: /, ''))).toEqual([
      'none does not exist',
      'big cannot be read (more than 64 KiB)',
      '. is not a file',
      '/dev/zero is not a file',
    ])
  })

  it('that everybody can read is warned of, unless it is among the secrets', async () => {
    const folder = writeFiles({
      'turnpike.yaml': withRoute('match: { path: /x, query: { q: "${file:./key}" } }'),
      key: 'k',
    })
    const options = { plugins: testPlugins, env: {} }
    chmodSync(join(folder, 'key'), 0o644)
    const open = await loadConfiguration(join(folder, 'turnpike.yaml'), options)
    expect(open.configuration).toBeDefined()
    expect(open.render(false)).toContain(
      `turnpike.yaml:6:40  warning  services.a.routes.r.match.query.q: ${folder}/key can be read by every user`,
    )
    const among = await loadConfiguration(join(folder, 'turnpike.yaml'), {
      ...options,
      env: { TURNPIKE_SECRETS_DIR: folder },
    })
    expect(among.warnings).toEqual([])
    chmodSync(join(folder, 'key'), 0o600)
    expect((await loadConfiguration(join(folder, 'turnpike.yaml'), options)).warnings).toEqual([])
  })

  it('named by an included file must lie below the root file, links followed', async () => {
    const outside = writeFiles({ key: 'platform key' })
    const team = (path: string) =>
      `services:\n  b: { targets: [http://b], routes: { r: { match: { path: /b, query: { q: "\${file:${path}}" } } } } }\n`
    const folder = writeFiles({
      'turnpike.yaml': `include: [t/*.yaml]\n${withRoute('match: /x')}`,
      't/ok': 'own',
      't/b.yaml': team('ok'),
    })
    const read = () => loadConfiguration(join(folder, 'turnpike.yaml'), { plugins: testPlugins, env: {} })
    expect((await read()).configuration?.routes[1]?.query[0]?.value).toBe('own')
    writeFileSync(join(folder, 't/b.yaml'), team(`${outside}/key`))
    expect((await read()).render(false)).toContain(`an included file may not read ${outside}/key`)
    symlinkSync(join(outside, 'key'), join(folder, 't/link'))
    writeFileSync(join(folder, 't/b.yaml'), team('link'))
    expect((await read()).render(false)).toContain('an included file may not read link')
  })
})

describe('env and secret of a TypeScript config', () => {
  it('write the same placeholders', () => {
    expect(env('A')).toBe('${A}')
    expect(env('A', 'b')).toBe('${A:-b}')
    expect(secret('A')).toBe('${secret:A}')
  })

  it('refuse what would not be one', () => {
    expect(() => env('A B')).toThrow('not the name of an environment variable: "A B"')
    expect(() => env('A', '}')).toThrow('may not hold a "}"')
    expect(() => secret('a/b')).toThrow('not the name of a secret: "a/b"')
  })
})
