// However many paths, hosts and methods clients make up: the metrics have as many series as before.
import { expect, it, onTestFinished } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { startTarget } from '../support/target-server.ts'

const METHODS = ['GET', 'POST', 'PROPFIND', 'QUERY', 'MKCOL', 'LOCK', 'FOO', 'BAR']

it('what clients make up is no label (LG05)', async () => {
  const target = await startTarget()
  const gateway = await startTestGateway(`
accessLog: false
services:
  api: { targets: ["${target.url}"], routes: { some: /some/* } }
`)
  onTestFinished(async () => {
    await gateway.stop()
    await target.close()
  })
  const series = async () =>
    new Set(
      (await gateway.metrics())
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.replace(/ \S+$/, '')),
    )
  const round = async (name: string) => {
    for (const method of METHODS) {
      for (const path of [`/some/${name}`, `/none/${name}`, `/${name}/../x`]) {
        const head = `${method} ${path}?${name} HTTP/1.1\r\nHost: ${name}.test\r\nUser-Agent: ${name}\r\n`
        await sendRaw(gateway.port, `${head}Content-Length: 0\r\nConnection: close\r\n\r\n`)
      }
    }
  }
  await round('unheard-of')
  const known = await series()
  for (let at = 0; at < 10; at++) await round(`made-up-${at}`)
  expect([...(await series())].filter((one) => !known.has(one))).toEqual([])
  expect([...known].filter((one) => /unheard-of|PROPFIND|FOO/.test(one))).toEqual([])
})
