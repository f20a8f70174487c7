// The raw request cases of test/fixtures/http1-cases.json: their bytes, and what may come of them.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '../../fixtures/http1-cases.json')

export interface Http1Case {
  readonly id: string
  readonly title: string
  readonly raw_latin1: string | null
  readonly raw_gen: string | null
  readonly bytes: number
  /** Statuses that are right; `close` for a connection that ends without an answer. */
  readonly allow: readonly (number | 'close')[]
  /** Name of the rule about what the target may have seen. */
  readonly upstream: string
}

export const HTTP1_CASES: readonly Http1Case[] = JSON.parse(readFileSync(FILE, 'utf8'))

/** The bytes of a case, as latin1; throws when they are not as many as the file says. */
export function bytesOf({ id, raw_latin1, raw_gen, bytes }: Http1Case): string {
  const text = raw_latin1 ?? GENERATED[raw_gen!]!()
  if (text.length !== bytes) throw new Error(`${id} has ${text.length} bytes, ${bytes} stand in the file`)
  return text
}

const get = (target: string, headers: string) => `GET ${target} HTTP/1.1\r\nHost: gw.test\r\n${headers}\r\n`
const fields = (count: number) => Array.from({ length: count }, (_, at) => `a${at}: 1\r\n`).join('')

/** Cases that are too long to stand in the file. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'chunk-ext 20 KB': () =>
    'POST /public/a HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n' +
    `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`,
  'URL 16 KB': () => get(`/public/${'a'.repeat(16_000)}`, ''),
  'URL 100 KB': () => get(`/public/${'a'.repeat(100_000)}`, ''),
  '16 KB single header': () => get('/public/a', `X-A: ${'a'.repeat(16_500)}\r\n`),
  '90 KB headers': () => get('/public/a', `X-A: ${'a'.repeat(90_000)}\r\n`),
  '2500 headers': () => get('/public/a', fields(2500)),
  '1500 headers then X-Last': () => get('/public/a', `${fields(1500)}X-Last: 1\r\n`),
}
