// `turnpike routes`: the route table, most specific first.
import type { RouteConfiguration } from '../config/configuration.ts'
import { createRouteTable } from '../routing/route-table.ts'
import type { CliArguments } from './arguments.ts'
import { loadForCommand } from './load-for-command.ts'
import { wrongUsage } from './wrong-usage.ts'

export async function routes(args: CliArguments): Promise<number> {
  if (args.positionals.length > 1) return wrongUsage('routes takes one FILE', args.stderr)
  const configuration = await loadForCommand(args.positionals[0], args)
  if (!configuration) return 1
  const listed = createRouteTable(configuration.routes).routes()
  if (args.flags['json']) {
    args.stdout(`${JSON.stringify(listed.map(asJson))}\n`)
    return 0
  }
  for (const line of columns([HEADINGS, ...listed.map(asCells)])) args.stdout(`${line}\n`)
  return 0
}

const HEADINGS = ['ROUTE', 'METHODS', 'HOST', 'PATH', 'SERVICE', 'PLUGINS', 'WRITTEN AT']

function asCells(route: RouteConfiguration): readonly string[] {
  return [
    route.id,
    route.methods.join('|') || '*',
    route.hosts.join(',') || '*',
    route.path,
    route.redirect ? `-> ${route.redirect.to}` : route.respond ? `${route.respond.status}` : route.service,
    route.plugins.map(({ plugin }) => plugin.name).join(' ') || '-',
    route.origin,
  ]
}

function asJson(route: RouteConfiguration): object {
  const { id, service, hosts, path, methods, origin } = route
  return {
    id,
    service,
    hosts,
    path,
    methods,
    plugins: route.plugins.map(({ plugin }) => plugin.name),
    origin,
  }
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
