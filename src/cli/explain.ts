// `turnpike explain`: which route wins for a request and why, and where each of its values was written.
import type { Configuration, ResolvedPlugin, RouteConfiguration } from '../config/configuration.ts'
import { encodedSlashRefusal, hasEncodedSlash } from '../edge/canonical-path.ts'
import { arrivedTarget } from '../edge/request-target.ts'
import { toGatewayError } from '../errors.ts'
import { HeaderList, isFieldName, isFieldValue } from '../headers.ts'
import { redacted, routeFacts } from '../route-facts.ts'
import type { Candidate } from '../routing/route-pattern.ts'
import { createRouteTable } from '../routing/route-table.ts'
import type { CliArguments } from './arguments.ts'
import { loadForCommand } from './load-for-command.ts'
import { matchText } from './match-text.ts'
import { valueLines } from './value-text.ts'
import { wrongUsage } from './wrong-usage.ts'

/** Candidates printed; the nearest come first. */
const MAX_CANDIDATES = 8

const METHOD = /^[A-Z]+(?:-[A-Z]+)*$/

export async function explain(args: CliArguments): Promise<number> {
  const fault = usageFault(args)
  if (fault !== undefined) return wrongUsage(fault, args.stderr)
  const [method = '', url = '', file] = args.positionals
  const request = readRequest(method, url, fieldLines(args))
  if (typeof request === 'string') {
    args.stderr(`${request}\n`)
    return 1
  }
  const configuration = await loadForCommand(file, args)
  if (!configuration) return 1
  const table = createRouteTable(configuration.routes)
  const match = table.match(request)
  const candidates = table.candidates(request)
  const winner = match.kind === 'route' ? match.route : undefined
  if (hasEncodedSlash(request.path) && winner?.encodedSlashes !== 'allow') {
    args.stderr(`explain: ${encodedSlashRefusal().message}: ${url}\n`)
    return 1
  }
  if (args.flags['json']) args.stdout(`${JSON.stringify(asJson(configuration, winner, candidates))}\n`)
  else
    args.stdout(
      asText(configuration, { winner, candidates, allow: match.kind === 'method' ? match.allow : [] }),
    )
  return winner ? 0 : 1
}

function usageFault(args: CliArguments): string | undefined {
  const [method, url] = args.positionals
  if (method === undefined || url === undefined) return 'explain needs METHOD and URL'
  if (args.positionals.length > 3) return 'explain takes METHOD, URL and one FILE'
  if (!METHOD.test(method)) return `"${method}" is not a method: methods are upper case, like GET`
  const bad = fieldLines(args).find((line) => !isFieldLine(line))
  return bad === undefined ? undefined : `-H "${bad}" is not a header: write 'name: value'`
}

function fieldLines({ flags }: CliArguments): readonly string[] {
  const { header } = flags
  if (typeof header === 'string') return [header]
  return Array.isArray(header) ? header : []
}

function isFieldLine(line: string): boolean {
  const [name, value] = splitField(line)
  return line.includes(':') && isFieldName(name) && isFieldValue(value)
}

function splitField(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

interface ExplainedRequest {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: string
  readonly headers: HeaderList
}

function readRequest(method: string, url: string, fields: readonly string[]): ExplainedRequest | string {
  try {
    const { host, path, query } = arrivedTarget(url)
    return { method, host, path, query, headers: new HeaderList(fields.flatMap(splitField)) }
  } catch (thrown) {
    return `explain: ${toGatewayError(thrown).message}: ${url}`
  }
}

interface Explanation {
  readonly winner: RouteConfiguration | undefined
  readonly candidates: readonly Candidate<RouteConfiguration>[]
  readonly allow: readonly string[]
}

function asText(configuration: Configuration, { winner, candidates, allow }: Explanation): string {
  const losers = candidates.filter((candidate) => candidate.outcome === 'lost').slice(0, MAX_CANDIDATES)
  const lines: string[] = []
  if (winner) lines.push(row(winner.id, matchText(winner), winner.origin))
  else if (allow.length > 0) lines.push(`no route: 405, the path takes ${allow.join(', ')}`)
  else lines.push('no route: 404')
  for (const { route, why } of losers)
    lines.push(row(winner ? '  beats' : '  near', `${route.id}  ${matchText(route)}  (${why})`, route.origin))
  if (winner) lines.push(...chainLines(configuration, winner), ...serviceLines(configuration, winner))
  return `${configuration.redact(lines.join('\n'))}\n`
}

function chainLines(configuration: Configuration, route: RouteConfiguration): string[] {
  return route.plugins.flatMap(({ plugin, layers }) =>
    layers.flatMap(({ settings, origin, level }) =>
      valueRows(`  ${plugin.name}`, redacted(settings, configuration), `${origin}  ${level}`),
    ),
  )
}

function serviceLines(configuration: Configuration, route: RouteConfiguration): string[] {
  const { rewrite, redirect, respond } = redacted(
    { rewrite: route.rewrite, redirect: route.redirect, respond: route.respond },
    configuration,
  )
  if (redirect) return valueRows('  redirect', redirect, route.origin)
  if (respond) return valueRows('  respond', respond, route.origin)
  const lines = rewrite ? valueRows('  rewrite', rewrite, route.origin) : []
  const service = configuration.services.get(route.service)
  if (!service) return lines
  const share = service.canary ? `${percentText(1 - service.canary.percent)} ` : ''
  lines.push(row('  targets', `${share}${targetList(service.targets)}  ${service.balance}`, service.origin))
  if (service.canary) {
    const sticky = service.canary.stickyBy ? `  sticky by ${service.canary.stickyBy}` : ''
    const text = `${percentText(service.canary.percent)} ${targetList(service.canary.targets)}${sticky}`
    lines.push(row('  canary', text, service.origin))
  }
  return lines
}

/** As it was written: 7 % is not exact in binary. */
function percentText(share: number): string {
  return `${Number((share * 100).toFixed(6))}%`
}

function targetList(targets: readonly { readonly url: string; readonly weight: number }[]): string {
  return targets.map(({ url, weight }) => (weight === 1 ? url : `${url} (weight ${weight})`)).join(', ')
}

function asJson(
  configuration: Configuration,
  winner: RouteConfiguration | undefined,
  candidates: readonly Candidate<RouteConfiguration>[],
): object {
  const service = winner && configuration.services.get(winner.service)
  const explained = {
    route: winner ? { ...routeFacts(configuration, winner), match: matchText(winner) } : null,
    candidates: candidates
      .slice(0, MAX_CANDIDATES)
      .map(({ route, outcome, why }) => ({ id: route.id, match: matchText(route), outcome, why })),
    chain: winner?.plugins.map(chainJson) ?? [],
    targets: service?.targets ?? [],
    canary: service?.canary,
  }
  return redacted(explained, configuration)
}

function chainJson({ plugin, layers }: ResolvedPlugin): object {
  return { plugin: plugin.name, stage: plugin.stage, layers }
}

/** A long value starts below its name and origin. */
function valueRows(name: string, value: unknown, origin: string): string[] {
  const [first = '', ...rest] = valueLines(value)
  if (rest.length === 0) return [row(name, first, origin)]
  return [row(name, '', origin), ...[first, ...rest].map((line) => `      ${line}`)]
}

function row(name: string, text: string, origin: string): string {
  return `${name.padEnd(16)} ${text}   ${origin}`
}
