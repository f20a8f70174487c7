// Reads the Prometheus text format strictly: every line must be a comment or a sample of a declared family.

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadMetrics {
  readonly types: ReadonlyMap<string, string>
  readonly help: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
  /** The value of the one sample with this name and these labels among its own. */
  value(name: string, labels?: Readonly<Record<string, string>>): number
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/s
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y

export function readPrometheus(text: string): ReadMetrics {
  const types = new Map<string, string>()
  const help = new Map<string, string>()
  const samples: Sample[] = []
  if (!text.endsWith('\n')) throw new Error('the text must end in a line feed')
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (kind === undefined) samples.push(readSample(line, types))
    else if (kind === 'HELP') declare(help, name!, rest!)
    else declare(types, name!, rest!)
  }
  const value = (name: string, labels: Readonly<Record<string, string>> = {}) => {
    const found = samples.filter((sample) => sample.name === name && matches(sample.labels, labels))
    if (found.length !== 1) throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`)
    return found[0]!.value
  }
  return { types, help, samples, value }
}

function declare(known: Map<string, string>, name: string, text: string): void {
  if (known.has(name)) throw new Error(`${name} is declared twice`)
  known.set(name, text)
}

function readSample(line: string, types: ReadonlyMap<string, string>): Sample {
  const [, name, labelText = '', number] = SAMPLE.exec(line) ?? []
  if (name === undefined) throw new Error(`not a sample: ${line}`)
  if (!types.has(name) && !types.has(name.replace(/_(bucket|sum|count)$/, ''))) {
    throw new Error(`${name} has no TYPE`)
  }
  return { name, labels: readLabels(labelText), value: readNumber(number!) }
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex
    const [, name, value] = LABEL.exec(text) ?? []
    if (name === undefined) throw new Error(`not a label: ${text.slice(at)}`)
    labels[name] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

function readNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  const number = Number(text)
  if (Number.isNaN(number) && text !== 'NaN') throw new Error(`not a number: ${text}`)
  return number
}

function matches(labels: Sample['labels'], wanted: Sample['labels']): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
