// Reads numbers from the gateway's /metrics.
import type { Running } from '../contestants/running.ts'

/** `series` as it is written there, labels included. 0 when it is not there (a counter that never counted). */
export async function readMetric({ site }: Running, series: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${site.statusPort}/metrics`)
  return metricValue(await answer.text(), series)
}

/** All series of a metric, whatever their labels. */
export async function readMetricSum({ site }: Running, name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${site.statusPort}/metrics`)
  return metricSum(await answer.text(), name)
}

export function metricSum(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

export function metricValue(text: string, series: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}
