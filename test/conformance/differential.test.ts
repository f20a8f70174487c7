// The same raw bytes to nginx and HAProxy: what one of them refuses, the gateway must not serve.
import { describe, expect, it } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { bytesOf, HTTP1_CASES, type Http1Case } from './parts/http1-cases.ts'
import { SERVED, startLoggingTarget } from './parts/logging-target.ts'
import { findProxy, OTHER_PROXIES, startProxy } from './parts/other-proxies.ts'
import { exchangeRaw } from './parts/raw-exchange.ts'

const PATIENCE_MS = 5000

/** Cases that the gateway serves although another refuses them, each with its reason. */
const LAXER_ON_PURPOSE: Readonly<Record<string, string>> = {
  TE03: 'a tab is white space like any other (RFC 9110 section 5.6.3), and what is sent on is written anew',
}

/** The cases that reach the target and are answered by it. */
async function served(port: number, cases: readonly Http1Case[]): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const one of cases) {
    const end = 'GET /public/end HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n'
    const { answers } = await exchangeRaw(port, bytesOf(one) + end, PATIENCE_MS)
    const first = answers.find(({ status }) => status >= 200)
    // HAProxy writes names in lower case.
    if (first?.head.toLowerCase().includes(SERVED.toLowerCase())) ids.add(one.id)
  }
  return ids
}

async function servedByGateway(cases: readonly Http1Case[]): Promise<Set<string>> {
  const target = await startLoggingTarget()
  const gateway = await startTestGateway(
    `accessLog: false\nservices: { api: { targets: [${target.url}], routes: { all: /* } } }\n`,
  )
  const ids = await served(gateway.port, cases)
  await gateway.stop()
  await target.close()
  return ids
}

describe('compared with', () => {
  const installed = OTHER_PROXIES.map((name) => ({ name, program: findProxy(name) }))

  it.each(installed)('$name, the gateway serves nothing that it refuses', async ({ name, program }) => {
    if (program === undefined) {
      console.warn(`${name} is not installed: nothing to compare with`)
      return
    }
    const target = await startLoggingTarget()
    const other = await startProxy(name, program, target.url)
    const theirs = await served(other.port, HTTP1_CASES)
    await other.stop()
    await target.close()
    expect(theirs.size, `${name} works`).toBeGreaterThan(20)
    const ours = await servedByGateway(HTTP1_CASES)
    const laxer = [...ours].filter((id) => !theirs.has(id) && !(id in LAXER_ON_PURPOSE))
    expect(laxer).toEqual([])
    expect(theirs.size).toBeGreaterThan(ours.size)
  })
})
