// The report as Markdown: the machine, the tables, what was doubtful about them.
import { isWhole } from '../options.ts'
import type { ScenarioResult, Table } from '../scenarios/scenario.ts'
import type { RunFacts } from './results.ts'

/** Of a column: Markdown wants three dashes. */
const MIN_WIDTH = 3

export function renderReport(results: ReadonlyMap<string, ScenarioResult>, facts: RunFacts): string {
  const tables = [...results.values()].flatMap((result) => result.tables)
  return `${[...renderHead(facts), ...tables.flatMap(renderTable)].join('\n')}\n`
}

export function renderTable({ title, about, columns, rows, notes }: Table): string[] {
  return [
    '',
    `## ${title}`,
    '',
    about,
    ...(rows.length > 0 ? ['', ...tableLines(columns, rows)] : []),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ]
}

function renderHead({ options, cores, backend, seconds, date, machine }: RunFacts): string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  const memory = `${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB`
  return [
    '# Benchmark results',
    '',
    'Written by `npm run bench`; how to read it: [README.md](README.md). Numbers of one machine on one day:',
    'compare the columns of one table, not two reports.',
    '',
    `- Date: ${date}, ${Math.round(seconds / 60)} min, gateway from ${options.build === 'dist' ? 'dist/' : 'its sources'}`,
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${memory}, Linux ${machine.kernel}, Node ${machine.node}`,
    `- Cores: ${cores.note}`,
    `- Versions: ${versions.join(', ')}`,
    `- Rounds: ${options.rounds}, ${options.seconds} s each after a warm-up, every contestant started anew in each`,
    ...(backend === 'node'
      ? ['- NODE BACKEND: nginx is missing, so a Node server answers behind everybody']
      : []),
    ...(isWhole(options) ? [] : ['- A PART ONLY: fewer scenarios or rounds than a whole run']),
  ]
}

/** Aligned as `npm run format` would do it: the report is checked with all other files. */
function tableLines(columns: Table['columns'], rows: Table['rows']): string[] {
  const cells = [columns, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = columns.map((_, at) => Math.max(MIN_WIDTH, ...cells.map((row) => row[at]!.length)))
  const rule = widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  const [head, ...body] = cells.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))),
  )
  return [head!, rule, ...body].map((row) => `| ${row.join(' | ')} |`)
}
