// The report as Markdown: the machine, the tables, what was doubtful about them.
import { isWhole } from '../options.ts'
import type { ScenarioResult, Table } from '../scenarios/scenario.ts'
import type { RunFacts } from './results.ts'

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

function tableLines(columns: Table['columns'], rows: Table['rows']): string[] {
  const alignment = columns.map((_, at) => (at === 0 ? '---' : '---:'))
  return [columns, alignment, ...rows].map(tableLine)
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
