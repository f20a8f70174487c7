// The tables of `sizes`: CPU by request and by megabyte, and growth of memory.
import { doubtsAbout } from '../report/doubts.ts'
import { megabytes, micros, times, whole } from '../report/format.ts'
import { median, medianRatio } from '../statistics/statistics.ts'
import type { Table } from './scenario.ts'
import { BODIES, type BodyName, type SizesRound } from './sizes.ts'

type Rounds = Readonly<Record<string, readonly SizesRound[]>>

const COLUMNS = [
  'contestant',
  '100 B, µs/request',
  '10 KB, µs/request',
  '1 MB, µs/MB',
  'of nginx',
  'upload, µs/MB',
  'of nginx',
  'RSS + 1 MB answers',
  'RSS + uploads',
  'RSS + slow 1 GB',
]

export function sizesTable(rounds: Rounds, missing: readonly string[]): Table {
  return {
    title: 'sizes: answers of 100 B, 10 KB and 1 MB, uploads of 1 MB',
    about:
      'CPU as above; µs/MB and µs/request are the same number for 1 MB bodies, medians of the rounds. ' +
      '`RSS +` is what memory grows by from small answers to 16 connections with 1 MB bodies, and, at most, ' +
      `while one client reads 1 GB slowly (${slowRate(rounds)}).`,
    columns: COLUMNS,
    rows: Object.entries(rounds).map(([name, own]) => rowOf(name, own, rounds['nginx'] ?? [])),
    notes: [...missing, ...Object.entries(rounds).flatMap(([name, own]) => doubts(name, own))],
  }
}

function rowOf(name: string, rounds: readonly SizesRound[], nginx: readonly SizesRound[]): string[] {
  const ratio = (body: BodyName) => times(medianRatio(cpuOf(rounds, body), cpuOf(nginx, body)))
  return [
    name,
    micros(median(cpuOf(rounds, '100 B'))),
    micros(median(cpuOf(rounds, '10 KB'))),
    whole(median(cpuOf(rounds, '1 MB'))),
    ratio('1 MB'),
    whole(median(cpuOf(rounds, 'upload 1 MB'))),
    ratio('upload 1 MB'),
    megabytes(median(rounds.map(({ bodies }) => bodies['1 MB'].rssBytes - bodies['100 B'].rssBytes))),
    megabytes(median(rounds.map((round) => round.bodies['upload 1 MB'].rssBytes - round.uploadBaseRssBytes))),
    megabytes(slowGrowth(rounds)),
  ]
}

function cpuOf(rounds: readonly SizesRound[], body: BodyName): number[] {
  return rounds.map(({ bodies }) => bodies[body].cpuUsPerRequest)
}

function slowGrowth(rounds: readonly SizesRound[]): number {
  const slow = rounds.flatMap(({ slowRead }) => (slowRead ? [slowRead] : []))
  return median(slow.map(({ maxRssBytes, before }) => maxRssBytes - before.rssBytes))
}

function slowRate(rounds: Rounds): string {
  const slow = Object.values(rounds)
    .flat()
    .flatMap(({ slowRead }) => (slowRead ? [slowRead] : []))
  return `${megabytes(median(slow.map(({ bytes, ms }) => (bytes * 1000) / ms)))}/s`
}

function doubts(name: string, rounds: readonly SizesRound[]): string[] {
  return BODIES.flatMap((body) =>
    doubtsAbout(
      `${name}, ${body}`,
      rounds.map(({ bodies }) => bodies[body]),
    ),
  )
}
