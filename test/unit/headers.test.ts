// Header fields as flat pairs: order, case and duplicates survive; nothing illegal gets in.
import { describe, expect, it } from 'vitest'
import { FieldNames, HeaderList, isFieldName, isFieldValue, isHopByHop, NO_NAMES } from '../../src/headers.ts'
import { fc } from '../support/property.ts'

const COOKIES = ['Set-Cookie', 'a=1', 'X-One', '1', 'set-cookie', 'b=2', 'SET-COOKIE', 'c=3']

describe('reading', () => {
  it('finds fields in any case, the first value first', () => {
    const headers = new HeaderList([...COOKIES])
    expect(headers.get('set-cookie')).toBe('a=1')
    expect(headers.all('set-cookie')).toEqual(['a=1', 'b=2', 'c=3'])
    expect(headers.has('x-one')).toBe(true)
  })

  it('finds nothing where nothing is', () => {
    const headers = new HeaderList([...COOKIES])
    expect(headers.get('x-two')).toBeUndefined()
    expect(headers.all('x-two')).toEqual([])
    expect(headers.has('x-two')).toBe(false)
  })

  it('takes no value for a name', () => {
    const headers = new HeaderList(['X-A', 'x-b', 'X-C', '3'])
    expect(headers.has('x-b')).toBe(false)
    headers.remove('x-b')
    expect(headers.pairs).toEqual(['X-A', 'x-b', 'X-C', '3'])
  })

  it('starts empty', () => {
    expect(new HeaderList().pairs).toEqual([])
  })
})

describe('writing', () => {
  it('replaces every field of a name by one, at the place of the first', () => {
    const headers = new HeaderList([...COOKIES])
    headers.set('Set-Cookie', 'z=9')
    expect(headers.pairs).toEqual(['Set-Cookie', 'z=9', 'X-One', '1'])
  })

  it('adds a field that was not there, as spelled', () => {
    const headers = new HeaderList(['X-One', '1'])
    headers.set('X-TWO', '2')
    headers.append('x-one', '3')
    expect(headers.pairs).toEqual(['X-One', '1', 'X-TWO', '2', 'x-one', '3'])
  })

  it('removes every field of a name in any case', () => {
    const headers = new HeaderList([...COOKIES])
    headers.remove('Set-cookie')
    expect(headers.pairs).toEqual(['X-One', '1'])
  })

  it.each(['', 'X A', 'X:', 'X\r\n', 'X\0', 'X\u00e9', 'X"', 'X(', 'X[]', 'X{'])(
    'refuses the name %j',
    (name) => {
      const headers = new HeaderList()
      expect(() => headers.set(name, '1')).toThrow(TypeError)
      expect(() => headers.append(name, '1')).toThrow(TypeError)
      expect(headers.pairs).toEqual([])
    },
  )

  it.each(['a\r\nSet-Cookie: x=1', 'a\n', 'a\r', 'a\0', 'a\x07', 'a\x7f', '\u2028', '\ud83d\ude00'])(
    'refuses the value %j and does not repeat it',
    (value) => {
      const headers = new HeaderList(['X-A', '1'])
      expect(() => headers.set('X-A', value)).toThrow(new TypeError('not a value for the header X-A'))
      expect(() => headers.append('X-B', value)).toThrow(TypeError)
      expect(headers.pairs).toEqual(['X-A', '1'])
    },
  )
})

describe('names that are looked for together', () => {
  it('are known in any case, and no others', () => {
    const names = new FieldNames(['X-A', 'x-tenant'])
    expect(['X-A', 'x-a', 'X-TENANT', 'x-Tenant'].filter((name) => names.has(name))).toHaveLength(4)
    // As long as one of them, or longer by what its length is told apart by.
    expect(['X-B', 'X-Tenanx', '', `X-A${'a'.repeat(32)}`].filter((name) => names.has(name))).toEqual([])
  })

  it('are taken out with every field that has one of them', () => {
    const headers = new HeaderList([...COOKIES, 'X-TWO', '2', 'X-Three', '3'])
    headers.removeAll(new FieldNames(['set-cookie', 'X-Two']))
    expect(headers.pairs).toEqual(['X-One', '1', 'X-Three', '3'])
    headers.removeAll(NO_NAMES)
    expect(headers.pairs).toEqual(['X-One', '1', 'X-Three', '3'])
    headers.removeAll(new FieldNames(['x-three', 'x-one']))
    expect(headers.pairs).toEqual([])
  })
})

const field = fc.tuple(fc.constantFrom('X-A', 'x-a', 'X-B', 'Y'), fc.constantFrom('1', '2', ''))
const step = fc.tuple(fc.constantFrom('set', 'append', 'remove'), field)

describe('any order of changes', () => {
  it('leaves what a plain list of fields would hold', () => {
    fc.assert(
      fc.property(fc.array(field), fc.array(step), (start, steps) => {
        const headers = new HeaderList(start.flat())
        let model: string[][] = start
        for (const [kind, [name, value]] of steps) {
          if (kind === 'set') headers.set(name, value)
          else if (kind === 'append') headers.append(name, value)
          else headers.remove(name)
          model = applied(model, { kind, name, value })
        }
        expect(headers.pairs).toEqual(model.flat())
      }),
    )
  })
})

function applied(
  model: string[][],
  { kind, name, value }: { kind: string; name: string; value: string },
): string[][] {
  const is = (one: string[]) => one[0]!.toLowerCase() === name.toLowerCase()
  if (kind === 'append') return [...model, [name, value]]
  if (kind === 'remove') return model.filter((one) => !is(one))
  const first = model.findIndex(is)
  if (first < 0) return [...model, [name, value]]
  return model.flatMap((one, at) => (at === first ? [[one[0]!, value]] : is(one) ? [] : [one]))
}

describe('what may be sent', () => {
  const bytes = Array.from({ length: 256 }, (_, code) => code)

  it('as a value: visible ASCII, space, tab and the upper half, byte by byte', () => {
    const legal = bytes.filter((code) => isFieldValue(String.fromCharCode(code)))
    expect(legal).toEqual(bytes.filter((code) => code === 9 || (code >= 32 && code !== 127)))
    expect(isFieldValue('')).toBe(true)
    // Wherever it stands: long values are looked through many characters at a time.
    const long = (code: number) => `${'a'.repeat(99)}${String.fromCharCode(code)}${'a'.repeat(99)}`
    expect(bytes.filter((code) => isFieldValue(long(code)))).toEqual(legal)
    expect(isFieldValue(long(0x10d))).toBe(false)
    expect(isFieldValue('\u0100')).toBe(false)
  })

  it('as a name: the token characters of RFC 9110 section 5.6.2', () => {
    const legal = bytes.map((code) => String.fromCharCode(code)).filter(isFieldName)
    expect(legal.join('')).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    )
    expect(isFieldName('')).toBe(false)
  })
})

describe('hop-by-hop fields', () => {
  it.each([
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
  ])('%s ends at the gateway', (name) => {
    expect(isHopByHop(name)).toBe(true)
  })

  it.each(['content-length', 'content-encoding', 'cache-control', 'authorization', 'via'])(
    '%s goes on',
    (name) => {
      expect(isHopByHop(name)).toBe(false)
    },
  )
})
