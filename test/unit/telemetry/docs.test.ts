import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { INSTRUMENTS } from '../../../src/telemetry/instruments.ts'

const ROOT = join(import.meta.dirname, '../../..')
const PAGE = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8')

/** The rows of the table under a heading, as their cells. */
function rows(heading: string): string[][] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** Names given to the meter anywhere in the sources, as Prometheus shows them. */
function meterNames(): string[] {
  const names = new Set<string>()
  for (const folder of ['src', 'plugins']) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const text = readFileSync(join(ROOT, folder, file), 'utf8')
      for (const [, kind, name] of text.matchAll(/\.(counter|gauge)\(\s*'([a-z0-9_]+)'/g)) {
        names.add(
          kind === 'counter' && !name!.endsWith('_total') ? `gateway_${name}_total` : `gateway_${name}`,
        )
      }
    }
  }
  return [...names].sort()
}

describe('docs/metrics.md', () => {
  it('lists exactly the metrics of the engine, with kind, labels and meaning', () => {
    const expected = Object.values(INSTRUMENTS).map(({ name, kind, labels, help }) => [
      `\`${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ])
    expect(rows('Engine')).toEqual(expected)
  })

  it('lists exactly the metrics that plugins and the other parts register', () => {
    expect(rows('Plugins and other parts').map(([name]) => name)).toEqual(
      meterNames().map((name) => `\`${name}\``),
    )
  })
})
