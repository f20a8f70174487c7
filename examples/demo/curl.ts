// A request of the tour as the curl command that is printed, and its output: from curl itself, or from fetch.
import { execFile, spawnSync } from 'node:child_process'
import { STATUS_CODES } from 'node:http'
import type { TourRequest } from './tour.ts'

const TIMEOUT_MS = 20_000

export function curlCommand({ url, headers = {}, before = 0, show, only }: TourRequest): string {
  const fields = Object.entries(headers).map(([name, value]) => ` -H '${name}: ${value}'`)
  const shown = `curl -s${show === 'body' ? '' : 'i'}${fields.join('')} ${url}`
  const filtered = only === undefined ? shown : `${shown} | grep '^${only}'`
  if (before === 0) return filtered
  const numbers = Array.from({ length: before }, (_, at) => at + 1).join(' ')
  const one = `curl -s -o /dev/null -w '%{http_code} '${fields.join('')} ${url}`
  return `for i in ${numbers}; do ${one}; done; ${filtered}`
}

export function hasCurl(): boolean {
  return spawnSync('curl', ['--version']).status === 0 && spawnSync('sh', ['-c', 'exit 0']).status === 0
}

/** Runs the very text that is printed, in a shell. The services live in this process, so it must not wait idly. */
export function runInShell(command: string): Promise<string> {
  return new Promise((printed) => {
    execFile('sh', ['-c', command], { encoding: 'utf8', timeout: TIMEOUT_MS }, (error, stdout) =>
      printed(error?.killed ? `${stdout}\n(still running after ${TIMEOUT_MS} ms)` : stdout),
    )
  })
}

/** The same requests without curl, and what curl would have printed. */
export async function fetchLikeCurl({
  url,
  headers = {},
  before = 0,
  show,
  only,
}: TourRequest): Promise<string> {
  const options = { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) } as const
  let output = ''
  for (let at = 0; at < before; at++) {
    const response = await fetch(url, options)
    await response.arrayBuffer()
    output += `${response.status} `
  }
  const response = await fetch(url, options)
  if (show === 'head and body') output += head(response)
  const body = await response.text()
  return output + (only === undefined ? body : linesThatStart(body, only))
}

function head({ status, headers }: Response): string {
  const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n`
}

function linesThatStart(text: string, start: string): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith(start))
    .join('\n')
}
