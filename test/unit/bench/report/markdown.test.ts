// The tables as Markdown, and the doubts below them.
import { describe, expect, it } from 'vitest'
import { doubtsAbout, unsaturated } from '../../../../bench/report/doubts.ts'
import { megabytes, micros, percentOf, times, whole } from '../../../../bench/report/format.ts'
import { renderTable } from '../../../../bench/report/markdown.ts'
import type { ClosedRound } from '../../../../bench/scenarios/closed-round.ts'

function round(changes: Partial<ClosedRound> = {}): ClosedRound {
  return {
    cpuUsPerRequest: 20,
    helperUsPerRequest: {},
    generatorUsPerRequest: 8,
    requestsPerSecond: 40_000,
    answered: 40_000,
    busy: 0.97,
    foreign: 0.01,
    rssBytes: 1e7,
    spread: 0.1,
    sliceUsPerRequest: [20],
    shortcuts: 0,
    failures: { count: 0, examples: [] },
    ...changes,
  }
}

describe('a table', () => {
  it('has a title, what it is about, rows and notes, its columns aligned as the formatter wants them', () => {
    const table = {
      title: 'bare',
      about: 'What a request costs.',
      columns: ['who', 'µs'],
      rows: [
        ['nginx', '20.0'],
        ['a|b', '1.0'],
      ],
      notes: ['caddy is missing.'],
    }
    expect(renderTable(table).join('\n')).toBe(
      '\n## bare\n\nWhat a request costs.\n\n| who   |   µs |\n| ----- | ---: |\n| nginx | 20.0 |\n| a\\|b  |  1.0 |\n\n- caddy is missing.',
    )
  })

  it('is only its text when there is nothing in it', () => {
    const table = { title: 'sizes', about: 'FAILED', columns: ['who'], rows: [], notes: [] }
    expect(renderTable(table).join('\n')).toBe('\n## sizes\n\nFAILED')
  })
})

describe('numbers', () => {
  it('are shown with their unit', () => {
    expect([micros(19.96), times(2.414), percentOf(0.314), whole(43_230.4), megabytes(12_340_000)]).toEqual([
      '20.0',
      '2.41x',
      '31 %',
      '43,230',
      '12.3 MB',
    ])
  })

  it('are a dash where nothing was measured', () => {
    const nothing = [micros, times, percentOf, whole, megabytes].map((format) => format(Number.NaN))
    expect(new Set(nothing)).toEqual(new Set(['–']))
  })
})

describe('doubts', () => {
  it('are none about steady rounds on a core of their own', () => {
    expect(doubtsAbout('nginx', [round(), round({ cpuUsPerRequest: 22 })])).toEqual([])
  })

  it('are told about rounds that differ, slices that differ, and company on the core', () => {
    const rounds = [round(), round({ cpuUsPerRequest: 40, spread: 0.5 }), round({ foreign: 0.2 })]
    expect(doubtsAbout('caddy', rounds)).toEqual([
      'caddy: rounds differ by 100 %, too wide to compare.',
      'caddy, round 2: its slices differ by 50 %, too wide.',
      'caddy, round 3: 20 % of its core went to somebody else.',
    ])
  })

  it('are told about a round without answers', () => {
    expect(
      doubtsAbout('x', [round({ cpuUsPerRequest: Number.NaN, sliceUsPerRequest: [20, Number.NaN] })]),
    ).toEqual(['x, round 1: no answer during a part of it.'])
  })

  it('are told about limits that were not asked of Redis', () => {
    expect(doubtsAbout('full', [round({ shortcuts: 400 })])).toEqual([])
    expect(doubtsAbout('full', [round({ shortcuts: 1200 })])).toEqual([
      'full, round 1: 1,200 requests since its start were limited without Redis.',
    ])
  })

  it('are told about wrong answers, with an example', () => {
    const failures = { count: 3, examples: ['answered 503 with 0 bytes'] }
    expect(doubtsAbout('x', [round({ failures })])).toEqual([
      'x, round 1: 3 wrong answers (answered 503 with 0 bytes): its numbers mean nothing.',
    ])
  })

  it('are told about a core that was not full, unless somebody else filled it', () => {
    expect(unsaturated('haproxy', [round({ busy: 0.6 })])).toEqual([
      "haproxy: its core was busy 61 % only, so its requests/s are the load's limit.",
    ])
    expect(unsaturated('haproxy', [round({ busy: 0.6, foreign: 0.39 })])).toEqual([])
  })
})
