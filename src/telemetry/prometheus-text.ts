// The Prometheus text format 0.0.4, written in slices so that a large scrape never stalls the requests.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Instrument } from './instruments.ts'
import { DURATION_BUCKETS } from './instruments.ts'
import type { Family } from './metric-registry.ts'
import { HistogramSeries, type Series } from './series.ts'

// One call of the OpenTelemetry serialiser held the event loop for 400 ms at 10 MB (4,000 histograms) and
// for 3 s at 30,000: here a turn of the loop writes about as much as one millisecond allows.
const SERIES_PER_TURN = 250

const BOUNDS = [...DURATION_BUCKETS.map(String), '+Inf']

/**
 * The text in parts of at most a megabyte, with other work between them. In one piece, joining and encoding 12 MB
 * would hold the event loop for another 30 ms.
 */
export async function prometheusText(families: Iterable<Family>): Promise<readonly string[]> {
  const parts: string[] = []
  let slice: string[] = []
  for (const { instrument, series } of families) {
    if (series.size > 0) slice.push(head(instrument))
    for (const one of series.values()) {
      slice.push(lines(instrument.name, one))
      if (slice.length < SERIES_PER_TURN) continue
      parts.push(slice.join(''))
      slice = []
      await nextTurn()
    }
  }
  return [...parts, slice.join('')]
}

function head({ name, kind, help }: Instrument): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${kind}\n`
}

function lines(name: string, series: Series & { readonly value?: number }): string {
  if (series instanceof HistogramSeries) return histogramLines(name, series)
  return `${name}${braces(series.labelText)} ${number(series.value ?? Number.NaN)}\n`
}

function histogramLines(name: string, { labelText, counts, sum }: HistogramSeries): string {
  const start = labelText === '' ? `${name}_bucket{le="` : `${name}_bucket{${labelText},le="`
  let text = ''
  let total = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    total += counts[bucket]!
    text += `${start}${BOUNDS[bucket]}"} ${total}\n`
  }
  const labels = braces(labelText)
  return `${text}${name}_sum${labels} ${number(sum)}\n${name}_count${labels} ${total}\n`
}

const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
