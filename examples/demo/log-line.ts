// One line of the gateway's JSON log as a line for people; a request becomes its method, path, status and cause.

export function readableLogLine(line: string): string | undefined {
  const entry = parse(line)
  if (entry === undefined) return line === '' ? undefined : `  ${line}`
  if (entry['msg'] === 'request') return request(entry)
  if (entry['level'] === 'info') return undefined
  const faults = typeof entry['faults'] === 'string' ? `\n${entry['faults']}` : ''
  return `  ${entry['level']}: ${entry['msg']}${faults}`
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function request({
  method,
  path,
  status,
  cause,
  retries,
  durationMs,
  route,
}: Record<string, unknown>): string {
  const facts = [
    typeof route === 'string' ? route : undefined,
    typeof cause === 'string' ? cause : undefined,
    typeof retries === 'number' && retries > 0 ? `${retries} retried` : undefined,
    typeof durationMs === 'number' ? `${durationMs.toFixed(1)} ms` : undefined,
  ]
  return `  ${status}  ${method} ${path}   ${facts.filter((fact) => fact !== undefined).join(', ')}`
}
