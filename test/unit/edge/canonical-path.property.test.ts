// The max-privilege oracle: no decoder behind the gateway may see a protected path where the gateway saw none.
import { describe, expect, it } from 'vitest'
import { canonicalPath, hasEncodedSlash, withoutParameters } from '../../../src/edge/canonical-path.ts'
import {
  accepted,
  acceptedWithSlashes,
  DECODER_PAIRS,
  nastyPath,
  resolveDots,
  unescapeOnce,
} from '../../support/nasty-paths.ts'
import { fc, runs } from '../../support/property.ts'

const RUNS = runs(5000)

const isProtected = (path: string) => resolveDots(path)[0] === 'admin'
const firstSegment = (path: string) => path.split('/')[1]!
const stripParameters = (path: string) => path.replace(/;[^/]*/g, '')

describe('every accepted path', () => {
  it('is canonical already', () => {
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = accepted(path)
        if (canonical !== undefined) expect(canonicalPath(canonical)).toBe(canonical)
      }),
      { numRuns: RUNS },
    )
  })

  it('is protected to no decoder when it was open to the gateway', () => {
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = accepted(path)
        if (canonical === undefined || firstSegment(withoutParameters(canonical)) === 'admin') return
        const seen = DECODER_PAIRS.filter(({ decode }) => isProtected(decode(canonical))).map(
          ({ name }) => name,
        )
        expect([canonical, seen]).toEqual([canonical, []])
      }),
      { numRuns: RUNS },
    )
  })

  it('has as many segments for every decoder as it had for the gateway', () => {
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = accepted(path)
        if (canonical === undefined) return
        const count = canonical.split('/').length - 1
        for (const { name, decode } of DECODER_PAIRS) {
          expect([canonical, name, resolveDots(decode(canonical)).length]).toEqual([canonical, name, count])
        }
      }),
      { numRuns: RUNS },
    )
  })

  it('keeps its segments when a server strips path parameters, escaped ones too', () => {
    fc.assert(
      fc.property(nastyPath, fc.boolean(), (path, decode) => {
        const seen = accepted(path)
        if (seen === undefined) return
        const canonical = decode ? unescapeOnce(seen) : seen
        const names = canonical
          .split('/')
          .slice(1)
          .map((segment) => segment.split(';')[0]!)
        expect(resolveDots(stripParameters(canonical))).toEqual(names)
      }),
      { numRuns: RUNS },
    )
  })

  it('holds nothing but what RFC 3986 lets stand in a path', () => {
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = accepted(path)
        if (canonical !== undefined) expect(canonical).toMatch(/^\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$/)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('a path with an escaped slash', () => {
  it('is canonical already, and to whoever takes it for a slash', () => {
    let seen = 0
    fc.assert(
      fc.property(nastyPath, (path) => {
        const canonical = acceptedWithSlashes(path)
        if (canonical === undefined || !hasEncodedSlash(canonical)) return
        seen++
        expect(canonicalPath(canonical)).toBe(canonical)
        const asSlash = canonical.replaceAll('%2F', '/')
        expect(accepted(asSlash)).toBe(asSlash)
      }),
      { numRuns: RUNS },
    )
    expect(seen).toBeGreaterThan(0)
  })
})

describe('the alphabet', () => {
  it('lets enough paths through to prove something', () => {
    const paths = fc.sample(nastyPath, { numRuns: 2000, seed: 1 })
    const passed = paths.flatMap((path) => accepted(path) ?? [])
    expect(passed.length).toBeGreaterThan(100)
    expect(passed.some((path) => firstSegment(path) !== 'admin' && path.includes('admin'))).toBe(true)
  })
})
