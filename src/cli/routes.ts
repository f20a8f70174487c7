// `turnpike routes`: the route table, most specific first, and where raw connections go.
import type { ListenerConfiguration } from '../config/read-listeners.ts'
import { routeFacts } from '../route-facts.ts'
import { createRouteTable } from '../routing/route-table.ts'
import type { CliArguments } from './arguments.ts'
import { loadForCommand } from './load-for-command.ts'
import { conditionText } from './match-text.ts'
import { wrongUsage } from './wrong-usage.ts'

export async function routes(args: CliArguments): Promise<number> {
  if (args.positionals.length > 1) return wrongUsage('routes takes one FILE', args.stderr)
  const configuration = await loadForCommand(args.positionals[0], args)
  if (!configuration) return 1
  const table = createRouteTable(configuration.routes)
  const listed = table.routes().map((route) => routeFacts(configuration, route))
  if (args.flags['json']) {
    args.stdout(`${JSON.stringify(listed)}\n`)
    return 0
  }
  for (const line of columns([HEADINGS, ...listed.map(asCells)])) args.stdout(`${line}\n`)
  const names = configuration.listeners.flatMap(namesOf)
  if (names.length === 0) return 0
  args.stdout('\n')
  for (const line of columns([NAME_HEADINGS, ...names])) args.stdout(`${line}\n`)
  return 0
}

const NAME_HEADINGS = ['LISTENER', 'PROTOCOL', 'ADDRESS', 'NAME', 'SERVICE']

/** Where connections that are no requests go. */
function namesOf(listener: ListenerConfiguration): (readonly string[])[] {
  if (!('services' in listener)) return []
  const { name, protocol, address, services } = listener
  return [...services].map(([host, service]) => [name, protocol, address, host, service])
}

const HEADINGS = ['ROUTE', 'METHODS', 'HOST', 'PATH', 'WHEN', 'SERVICE', 'PLUGINS', 'WRITTEN AT']

function asCells(route: ReturnType<typeof routeFacts>): readonly string[] {
  return [
    route.id,
    route.methods.join('|') || '*',
    route.hosts.join(',') || '*',
    route.path,
    conditionText(route) || '-',
    route.redirect ? `-> ${route.redirect.to}` : route.respond ? `${route.respond.status}` : route.service,
    route.plugins.join(' ') || '-',
    route.origin,
  ]
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
