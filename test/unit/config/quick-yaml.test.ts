// The quick reader against the library: whatever it reads, it reads the same, at the same places.
import { describe, expect, it } from 'vitest'
import { parseAnyYaml } from '../../../src/config/parse-yaml.ts'
import { Places } from '../../../src/config/places.ts'
import { parseQuickly } from '../../../src/config/quick-yaml.ts'
import { Source } from '../../../src/config/source.ts'
import { atOnce } from '../../../src/pace.ts'
import { fc, runs } from '../../support/property.ts'

const RUNS = runs(3000)

const PLAIN = [
  `# a comment — with more than ASCII
version: 1
auth:
  corp: { type: jwt, issuer: https://id.example.com, audience: api }
listen: :8080   # clients
redis: "a \\"b\\" \\u00e9"
include: [services/*.yaml, 'x y', ]
use:
  audit: ./plugins/audit.ts

services:
  orders:
    host: api.example.com
    targets:
      - http://a:80
      - { url: http://b:80, weight: 3 }
      - url: http://c
        weight: 2.5
    list:
    - a
    - b: 1
      c: true
    retry: {
      attempts: 2,   # two
      on: [connect, 502,
        503]
      }
    circuitBreaker: { errors: 50%, window: 10s, open: 5d }
    routes:
      read:
        match: GET|POST /orders/:id
        rateLimit: { limit: 100/min }
      502: /x
`,
  JSON.stringify(
    { a: 1, b: [1, 2, { c: 'x y', d: false, 'f g': 'h: #i' }], c: {}, d: [], e: 'é\n\t"', g: 1.5 },
    null,
    2,
  ),
  JSON.stringify({ a: 1, b: [1, { c: 'x' }] }),
  JSON.stringify({ a: 1, b: [1, { c: 'x' }] }, null, '\t'),
]

/** Each of these means something in YAML, somewhere. */
const SNIPPETS = [
  ...[' ', '  ', '\n', '\n  ', ':', ': ', '#', ' #', '-', '- ', '[', ']', '{', '}', ',', '"', "'", '\\'],
  ...[
    'a',
    '1',
    '0',
    '.',
    '\t',
    '\r',
    '\r\n',
    '&a ',
    '*a',
    '!',
    '|',
    '>',
    '%',
    '@',
    '`',
    '? ',
    '---',
    '...',
    '~',
  ],
  ...[
    'null',
    'é',
    '\u0085',
    '\u2028',
    '\ufeff',
    `\${X}`,
    '<<',
    '0x1',
    '1e3',
    '.inf',
    'no',
    '//',
    '\0',
    'true',
  ],
]

const edited = fc
  .tuple(
    fc.constantFrom(...PLAIN),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...SNIPPETS, '')), { maxLength: 3 }),
  )
  .map(([text, edits]) =>
    edits.reduce((changed, [where, cut, snippet]) => {
      const at = where % (changed.length + 1)
      return changed.slice(0, at) + snippet + changed.slice(at + cut)
    }, text),
  )

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }),
  ),
})).any

describe('the quick reader', () => {
  it.each(PLAIN)('reads plain config %#', (text) => {
    expect(readQuickly(text)).toBeDefined()
  })

  it('agrees with the library on every edit of a plain config that it reads', () => {
    let read = 0
    fc.assert(
      fc.property(edited, (text) => {
        const quick = readQuickly(text)
        if (quick === undefined) return
        read++
        expect(quick).toEqual(readByLibrary(text))
      }),
      { numRuns: RUNS },
    )
    expect(read).toBeGreaterThan(RUNS / 10)
  })

  it('agrees with the library on JSON', () => {
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2, '\t'), (any, indent) => {
        const text = JSON.stringify({ any }, null, indent)
        const quick = readQuickly(text)
        if (quick !== undefined) expect(quick).toEqual(readByLibrary(text))
      }),
      { numRuns: RUNS / 3 },
    )
  })

  it.each([
    ['an anchor', 'a: &x 1'],
    ['an alias', 'a: *x'],
    ['a tag', 'a: !!str 1'],
    ['a block scalar', 'a: |\n  text'],
    ['a text over two lines', 'a: one\n  two'],
    ['a quoted text over two lines', 'a: "one\n  two"'],
    ['a null', 'a: null'],
    ['an empty value', 'a:\nb: 1'],
    ['a merge key', '<<: 1'],
    ['a duplicate key', 'a: 1\na: 2'],
    ['a prototype', '__proto__: 1'],
    ['a list in a list', 'a:\n  - - 1'],
    ['a document marker', '---\na: 1'],
    ['a scalar alone', 'text'],
    ['wrong indentation', 'a:\n    b: 1\n  c: 2'],
    ['a bracket that never closes', 'a: [1, 2'],
    ['a text that never closes', 'a: "x'],
    ['a number with an exponent', 'a: 1e3'],
    ['a word that could be a number', 'a: 0x10'],
    ['a flow without commas', 'a: [1 2, {b: 1} {c: 2}]'],
    ['a deep nest', `a: ${'['.repeat(70)}${']'.repeat(70)}`],
  ])('leaves %s to the library', (_name, text) => {
    expect(readQuickly(text)).toBeUndefined()
  })
})

interface Reading {
  readonly value: unknown
  readonly marks: readonly string[]
}

function readQuickly(text: string): Reading | undefined {
  const places = new Places()
  const read = atOnce(parseQuickly(new Source('a.yaml', '/a.yaml', text), places))
  return read === undefined ? undefined : reading(read, places)
}

function readByLibrary(text: string): Reading | { readonly faults: readonly object[] } {
  const places = new Places()
  const { value: read, broken, faults } = parseAnyYaml(new Source('a.yaml', '/a.yaml', text), places)
  return broken.length + faults.length > 0 ? { faults: [...broken, ...faults] } : reading(read, places)
}

function reading(read: unknown, places: Places): Reading {
  const marks: string[] = []
  const visit = (container: unknown, path: string): void => {
    if (typeof container !== 'object' || container === null) return
    for (const [name, child] of Object.entries(container)) {
      const mark = places.mark(container, Array.isArray(container) ? Number(name) : name)
      marks.push(`${path}.${name} ${mark?.key} ${mark?.value}`)
      visit(child, `${path}.${name}`)
    }
  }
  visit(read, '')
  return { value: JSON.parse(JSON.stringify(read)), marks }
}
