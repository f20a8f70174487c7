// What a hostile or broken file can do to the loader: nothing.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are placeholders of the config.
import { describe, expect, it } from 'vitest'
import { faultsOf, load, loaded, withRoute } from './config-under-test.ts'

const VALID = withRoute('match: /x')

describe('dangerous keys', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('%s is refused at any level', async (key) => {
    const told = await faultsOf(`${key}: { polluted: yes }
services:
  a:
    targets: [http://a]
    ${key}: 1
    routes:
      ${key}: /p
      r: { match: { path: /x, headers: { ${key}: "1" } } }
`)
    expect(told.filter((one) => one.endsWith(`"${key}" may not be used as a key`))).toHaveLength(4)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('in JSON are refused as well', async () => {
    const told = await faultsOf({
      'turnpike.json': '{"services":{"a":{"targets":["http://a"],"routes":{"__proto__":"/x"}}}}',
    })
    expect(told).toEqual([
      'turnpike.json:1:52 services.a.routes.__proto__: "__proto__" may not be used as a key',
    ])
  })

  it('are not found where nobody wrote them', async () => {
    const told = await faultsOf(
      'services:\n  a: { targets: [http://a], routes: { r: { match: /x, service: toString } } }\n',
    )
    expect(told).toEqual(['2:64 services.a.routes.r.service: no service named "toString" (defined: a)'])
  })
})

describe('aliases', () => {
  it('stand for what their anchor holds', async () => {
    const { services } = await loaded(`
x-pool: &pool { max: 7 }
services:
  a: { targets: &t [http://a], connections: *pool, routes: { r: /a } }
  b: { targets: *t, connections: *pool, routes: { r: /b } }
`)
    expect(services.get('b')?.connections.max).toBe(7)
    expect(services.get('b')?.targets).toEqual([{ url: 'http://a', weight: 1 }])
  })

  it('that stand for billions of values are refused', async () => {
    const levels = Array.from({ length: 12 }, (_, at) =>
      at === 0
        ? 'x-a0: &a0 [lol, lol]'
        : `x-a${at}: &a${at} [${Array(9)
            .fill(`*a${at - 1}`)
            .join(', ')}]`,
    )
    const told = await faultsOf(`${levels.join('\n')}\n${VALID}`)
    expect(told).toEqual([
      expect.stringMatching(/^\d+:\d+ .*: the aliases stand for more than 100000 values$/),
    ])
  })

  it('that hold themselves are refused', async () => {
    const told = await faultsOf(`x-a: &a { b: *a, c: *a }\n${VALID}`)
    expect(told).toEqual([expect.stringMatching(/nested deeper than 64 levels$/)])
  })

  it('of an anchor that is defined twice are refused', async () => {
    const told = await faultsOf(`x-a: &a 1\nx-b: &a 2\n${VALID}`)
    expect(told).toEqual(['2:9 x-b: the anchor &a is defined twice'])
  })

  it('without an anchor are told as what they were meant to be', async () => {
    expect(await faultsOf(`x-a: *b\n${VALID}`)).toEqual([
      '1:6 x-a: *b is an alias in YAML, and no anchor has this name (quote it, if it is not meant as an alias)',
    ])
    expect(
      await faultsOf(`services:\n  a: { host: [*.a.com, b.com], targets: [http://a], routes: { r: /x } }\n`),
    ).toEqual([
      '2:15 services.a.host[0]: *.a.com is an alias in YAML, and no anchor has this name (quote it: "*.a.com")',
    ])
  })
})

describe('YAML', () => {
  it.each([
    [
      'a tag',
      'x-a: !!js/function "x"',
      '1:6 YAML tags are not allowed (quote the value, if the "!" belongs to it)',
    ],
    [
      'a tag of Python',
      'x-a: !!python/object:os.system x',
      '1:6 YAML tags are not allowed (quote the value, if the "!" belongs to it)',
    ],
    [
      'a binary',
      'x-a: !!binary aGk=',
      '1:6 YAML tags are not allowed (quote the value, if the "!" belongs to it)',
    ],
    [
      'a tab for indentation',
      'x-a:\n\tb: 1',
      '2:1 not valid YAML: tabs are not allowed as indentation (indent with spaces)',
    ],
    [
      'a colon in a value',
      'x-a: b: c',
      '1:6 not valid YAML: nested mappings are not allowed in compact mappings (quote the value: it contains ": ")',
    ],
    [
      'a reserved character',
      'x-a: @b',
      '1:6 not valid YAML: plain value cannot start with reserved character @ (quote the value)',
    ],
    [
      'a second document',
      '---\nx-a: 1\n---',
      '3:1 a second document begins here (one document per file: remove the "---")',
    ],
    ['a YAML 1.1 directive', '%YAML 1.1\n---', '1:1 YAML directives are not allowed (remove the %YAML line)'],
    [
      'a list for a key',
      '? [a]\n: b',
      '1:3 not valid YAML: with stringKeys, all keys must be strings (a key must be a word)',
    ],
  ])('with %s is refused', async (_name, line, told) => {
    expect(await faultsOf(`${line}\n${VALID}`)).toEqual([told])
  })

  it('with an unquoted placeholder inside braces is refused with the fix, once', async () => {
    const told = await faultsOf(`x-a: { key: \${secret:X} }\nx-b: { key: \${Y} }\n${VALID}`)
    expect(told).toEqual(['1:13 a ${...} inside { } or [ ] must be quoted (write "${secret:X}")'])
  })

  it.each([
    ['[${T}]', 6, '${T}'],
    ['[a, ${T:-b}, ${U}]', 9, '${T:-b}'],
    ['[{ url: ${T} }]', 13, '${T}'],
    ['["${S}", ${T}]', 14, '${T}'],
  ])('the list %s is refused with the fix', async (list, column, placeholder) => {
    expect(await faultsOf(`x-a: ${list}\n${VALID}`)).toEqual([
      `1:${column + 1} a \${...} inside { } or [ ] must be quoted (write "${placeholder}")`,
    ])
  })

  it('merge keys mean nothing, so that they are unknown keys', async () => {
    const told = await faultsOf(
      `x-a: &a { retry: {} }\nservices:\n  a:\n    <<: *a\n    targets: [http://a]\n    routes: { r: /x }\n`,
    )
    expect(told).toEqual([expect.stringMatching(/^4:5 unknown key "<<" in services\.a/)])
  })

  it('words and numbers stay what they look like', async () => {
    const { routes } = await loaded(
      withRoute('match: { path: /x, query: { a: "1", b: no, c: 08:30, d: 2026-01-01 } }'),
    )
    expect(routes[0]?.query.map(({ value }) => value)).toEqual(['1', 'no', '08:30', '2026-01-01'])
    const told = await faultsOf(withRoute('match: { path: /x, query: { a: 010, b: 1e3, c: true } }'))
    expect(told.map((one) => one.split(': ')[1])).toEqual([
      '10 is not a text',
      '1000 is not a text',
      'true is not a text',
    ])
  })

  it('too deep is refused, and does not overflow the stack', async () => {
    expect(await faultsOf(`x-a: ${'['.repeat(70)}${']'.repeat(70)}\n${VALID}`)).toEqual([
      expect.stringContaining('nested deeper than 64 levels'),
    ])
    const told = await faultsOf(`x-a: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n${VALID}`)
    expect(told).toHaveLength(1)
  })
})

describe('the bytes of a file', () => {
  it('may start with a byte order mark and end lines with CRLF', async () => {
    const { routes } = await loaded(`\ufeff${VALID.replaceAll('\n', '\r\n')}`)
    expect(routes[0]?.origin).toMatch(/turnpike\.yaml:5$/)
    const told = await faultsOf(`\ufeff${VALID}nope: 1\n`.replaceAll('\n', '\r\n'))
    expect(told).toEqual([expect.stringMatching(/^7:1 unknown key "nope" \(known: /)])
  })

  it('with a NUL are refused', async () => {
    expect(await faultsOf(`log: info\0\n${VALID}`)).toEqual([
      '1:10 turnpike.yaml has a NUL byte (is it a text file?)',
    ])
  })

  it('that are not UTF-8 are refused', async () => {
    const result = await load({
      'turnpike.yaml': Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]) as unknown as string,
    })
    expect(result.render(false)).toMatch(/^turnpike\.yaml {2}error {2}turnpike\.yaml is not UTF-8\n/)
  })

  it('more than 10 MB are refused without being read', async () => {
    const result = await load(`# ${'x'.repeat(10 * 1024 * 1024)}\n${VALID}`)
    expect(result.render(false)).toContain('turnpike.yaml is larger than 10 MB')
  })

  it.each([
    ['', 'turnpike.yaml holds nothing'],
    ['# only a comment\n', 'turnpike.yaml holds nothing'],
    ['- a\n', 'turnpike.yaml holds a list'],
    ['hello\n', 'turnpike.yaml holds "hello"'],
  ])('%j are no config', async (text, message) => {
    expect(await faultsOf(text)).toEqual([`1:1 ${message} (write at least "services:")`])
  })

  it('cut off in the middle are refused', async () => {
    const text = `services:\n  a:\n    targets: [http://a, "http://b`
    expect(await faultsOf(text)).toEqual([expect.stringContaining('not valid YAML')])
  })
})

describe('a file', () => {
  it('that does not exist is told by its name', async () => {
    const result = await load({ 'turnpike.yaml': VALID, 'other.yaml': VALID }, {})
    expect(result.faults).toEqual([])
    const { loadConfiguration } = await import('../../../src/config/load.ts')
    const missing = await loadConfiguration('/nowhere/turnpike.yaml', { plugins: [], env: {} })
    expect(missing.render(false)).toBe(
      '/nowhere/turnpike.yaml  error  /nowhere/turnpike.yaml does not exist\n\n1 error — nothing was applied\n',
    )
    expect(missing.files).toEqual(['/nowhere/turnpike.yaml'])
  })

  it('that is a directory is told', async () => {
    const result = await load({ 'turnpike.yaml/x.yaml': VALID, x: '' })
    expect(result.faults).toEqual([])
    const { loadConfiguration } = await import('../../../src/config/load.ts')
    const { render } = await loadConfiguration('test/fixtures/config/folder.yaml', { plugins: [], env: {} })
    expect(render(false)).toContain('test/fixtures/config/folder.yaml does not exist')
    expect((await loadConfiguration('test', { plugins: [], env: {} })).render(false)).toContain(
      'test has no format that is known',
    )
  })

  it('of an unknown format is told which there are', async () => {
    const result = await load({ 'turnpike.toml': VALID })
    expect(result.render(false)).toBe(
      'turnpike.toml  error  turnpike.toml has no format that is known\n        write .yaml, .yml, .json, .ts, .mts, .js or .mjs\n\n1 error — nothing was applied\n',
    )
  })
})
