// The command line of the benchmark.
import { describe, expect, it } from 'vitest'
import { isWhole, type Options, parseOptions, SCENARIOS } from '../../../bench/options.ts'

const parse = (...argv: string[]) => parseOptions(argv) as Options

describe('the options', () => {
  it('are a whole run when there are none', () => {
    const options = parse()
    expect(options).toMatchObject({ scenarios: SCENARIOS, quick: false, rounds: 5, build: 'sources' })
    expect(isWhole(options)).toBe(true)
  })

  it('shorten everything with --quick', () => {
    const options = parse('--quick')
    expect(options.scenarios).toEqual(['bare', 'full', 'latency', 'routes', 'start'])
    expect(options.rounds).toBe(2)
    expect(isWhole(options)).toBe(false)
  })

  it('take the scenarios of --only, in the order of the report', () => {
    expect(parse('--only', 'sizes, bare').scenarios).toEqual(['bare', 'sizes'])
    expect(parse('--quick', '--only', 'connections').scenarios).toEqual(['connections'])
  })

  it('refuse a scenario that does not exist, and say which do', () => {
    expect(() => parse('--only', 'bare,fast')).toThrow(/no scenario fast; known: bare, full/)
  })

  it('refuse numbers that are none', () => {
    expect(() => parse('--rounds', 'many')).toThrow('--rounds: many is not a number above 0')
    expect(() => parse('--seconds', '0')).toThrow('--seconds: 0 is not a number above 0')
  })

  it('are not whole with fewer rounds or scenarios', () => {
    expect(isWhole(parse('--rounds', '4'))).toBe(false)
    expect(isWhole(parse('--only', 'bare'))).toBe(false)
    expect(isWhole(parse('--rounds', '7', '--dist'))).toBe(true)
  })

  it('are undefined when help is wanted', () => {
    expect(parseOptions(['--help'])).toBeUndefined()
  })
})
