// The YAML library's errors in words for whoever wrote the file, with the fix where the mistake is a known one.
import type { Document, YAMLError } from 'yaml'
import type { ConfigFault } from './fault.ts'
import type { Source } from './source.ts'

/** Follow-on errors of one mistake are not worth their lines. */
const MAX_SYNTAX_FAULTS = 20

export function syntaxFaults(document: Document.Parsed, source: Source): readonly ConfigFault[] {
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const faults = errors.filter(isOwnMistake).map((error) => syntaxFault(error, source))
  const version = document.directives?.yaml.explicit ? (source.text ?? '').indexOf('%YAML') : -1
  if (version >= 0)
    faults.unshift(at(source, version, 'YAML directives are not allowed', 'remove the %YAML line'))
  return firstOfEachLine(faults).slice(0, MAX_SYNTAX_FAULTS)
}

// Once the structure is lost, each further line is unexpected.
function isOwnMistake(error: YAMLError, at: number): boolean {
  return at === 0 || !error.message.includes('in YAML stream')
}

function syntaxFault(error: YAMLError, source: Source): ConfigFault {
  const offset = Math.min(error.pos[0], (source.text ?? '').length)
  const line = source.position(offset).text ?? ''
  if (error.code === 'TAG_RESOLVE_FAILED') {
    return at(source, offset, 'YAML tags are not allowed', 'quote the value, if the "!" belongs to it')
  }
  if (error.code === 'MULTIPLE_DOCS') {
    return at(source, offset, 'a second document begins here', 'one document per file: remove the "---"')
  }
  const placeholder = UNQUOTED.exec(line)
  if (IN_FLOW.has(error.code) && placeholder) {
    const start = offset - (source.position(offset).column ?? 1) + 1 + placeholder.index
    return at(source, start, `a \${...} inside { } or [ ] must be quoted`, `write "${placeholder[0]}"`)
  }
  return at(source, offset, `not valid YAML: ${lowerFirst(error.message)}`, HINTS[error.code])
}

/** What the braces of a placeholder make of a flow list or map. */
const IN_FLOW: ReadonlySet<string> = new Set(['UNEXPECTED_TOKEN', 'MISSING_CHAR', 'BAD_INDENT'])
const UNQUOTED = /(?<=[[{,:]\s*)\$\{[^}]*\}/

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: 'quote the value: it contains ": "',
  BAD_SCALAR_START: 'quote the value',
  BAD_INDENT: 'align it with the lines above',
  NON_STRING_KEY: 'a key must be a word',
}

function at(source: Source, offset: number, message: string, hint: string | undefined): ConfigFault {
  return { path: [], message, hint, whole: true, position: source.position(offset) }
}

function firstOfEachLine(faults: readonly ConfigFault[]): readonly ConfigFault[] {
  const lines = new Set<number | undefined>()
  return faults.filter(({ position }) => {
    const isFirst = !lines.has(position?.line)
    lines.add(position?.line)
    return isFirst
  })
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
