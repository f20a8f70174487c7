// docs/errors.md: every answer that the gateway gives by itself, from the catalogue.
import { CATALOGUE, type ErrorEntry } from '../../src/errors.ts'
import { table } from './schema-table.ts'

const SOURCES: Readonly<Record<ErrorEntry['source'], string>> = {
  client: 'the request',
  gateway: 'the gateway or a limit of it',
  upstream: 'the service behind it',
}

export function errorsPage(): string {
  const entries: readonly (readonly [string, ErrorEntry])[] = Object.entries(CATALOGUE)
  const rows = entries
    .toSorted(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, source, retryable, title }]) => [
      String(status),
      `\`${code}\``,
      title,
      SOURCES[source],
      retryable ? 'yes' : 'no',
    ])
  return `# Errors

Generated from \`src/errors.ts\`: change it there and run \`npm run generate\`.

What the gateway answers by itself is a problem document (RFC 9457, \`application/problem+json\`); what a service answers
goes through untouched. Decide by \`code\`: it never changes its meaning. It is also the \`cause\` of the access log and the
label \`error_type\` of the metrics. 499 is never sent: it stands in the log when a client went away.

\`\`\`json
{
  "type": "urn:turnpike:error:RATE_LIMITED",
  "title": "Too many requests",
  "status": 429,
  "code": "RATE_LIMITED",
  "source": "client",
  "requestId": "4be0c14cef065153ad412855a6f32be2",
  "retryable": true
}
\`\`\`

${table(['status', 'code', 'what happened', 'who is to blame', 'again later?'], rows)}
`
}
