// The tables of `routes`.
import { wrongAnswers } from '../report/doubts.ts'
import { megabytes, millis, whole } from '../report/format.ts'
import type { RoutesMeasured } from './routes.ts'
import type { Table } from './scenario.ts'

export interface RoutesFacts {
  readonly perSecond: number
  readonly reloads: number
}

export function routesTables(measured: readonly RoutesMeasured[], facts: RoutesFacts): readonly Table[] {
  return [costsTable(measured), reloadsTable(measured, facts)]
}

function costsTable(measured: readonly RoutesMeasured[]): Table {
  return {
    title: 'routes: reading, building, matching',
    about:
      'In one process, a hundred routes for each host, no plugins, times in ms, cold / warm. `read` is file to ' +
      'checked configuration, `build` from there to a generation that can serve, `table` the part of it that ' +
      'makes the route table. A match is the median over requests that are spread over all routes.',
    columns: ['routes', 'read', 'build', 'table', 'match, µs'],
    rows: measured.map(({ routes, costs }) => [
      whole(routes),
      ...[costs.read, costs.build, costs.table].map(
        ({ first, again }) => `${millis(first)} / ${millis(again)}`,
      ),
      millis(costs.matchUs),
    ]),
    notes: [],
  }
}

function reloadsTable(measured: readonly RoutesMeasured[], { perSecond, reloads }: RoutesFacts): Table {
  return {
    title: 'routes: a gateway with that many',
    about:
      `The config file is changed ${reloads}x under ${perSecond} requests/s (open loop), times in ms. A stall is ` +
      'told twice: the worst latency that a client saw, and the longest delay that the gateway measured of its ' +
      'event loop (which includes the one of writing /metrics before). `quiet` is the same load without reloads.',
    columns: [
      'routes',
      'first answer',
      'RSS',
      'RSS after reloads',
      'worst latency, quiet',
      'worst latency, reloading',
      'loop delay, quiet',
      'loop delay, reloading',
    ],
    rows: measured.map(({ routes, reload }) => [
      whole(routes),
      whole(reload.startMs),
      megabytes(reload.rssBytes),
      megabytes(reload.rssAfterBytes),
      ...[reload.quiet.worstMs, reload.reloading.worstMs].map(millis),
      ...[reload.quiet.loopLagMs, reload.reloading.loopLagMs].map(millis),
    ]),
    notes: measured.flatMap(({ routes, reload }) => [
      ...(reload.reloads === reloads
        ? []
        : [`${whole(routes)} routes: ${reload.reloads} of ${reloads} reloads were applied in the time.`]),
      ...reload.failures.flatMap((failures) => wrongAnswers(`${whole(routes)} routes`, failures)),
    ]),
  }
}
