// Every file under examples/ is a promise: it is valid, it starts, and each of its routes answers as it says.
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join, relative } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { plugins } from '../../plugins/index.ts'
import type { RouteConfiguration } from '../../src/config/configuration.ts'
import { EXAMPLES, startExample } from '../support/example.ts'
import { send } from '../support/http-client.ts'
import { startTarget } from '../support/target-server.ts'

/** Example -> route -> what it answers to somebody unknown with nothing to say; all other routes are served. */
const NOT_SERVED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'auth.yaml': { 'orders.read': 401, 'orders.write': 401, 'orders.reports': 401 },
  'demo/turnpike.yaml': { 'orders.read': 401 },
  'fifteen-lines.yaml': { 'orders.orders': 401 },
  'ip-allow.yaml': { 'orders.admin': 403, 'orders.partners': 403 },
  'platform/turnpike.yaml': {
    'catalog.browse': 401,
    'catalog.old': 308,
    'orders.read': 401,
    'orders.write': 401,
  },
  'rate-limit.yaml': { 'orders.read': 401, 'orders.write': 401 },
  'routing.yaml': { 'web.moved': 301 },
  'tls.yaml': { 'orders.settlements': 401 },
  'typed/turnpike.config.ts': { 'orders.read': 401, 'orders.write': 401 },
  'user-plugin/turnpike.yaml': { 'orders.write': 400 },
}

const names = findConfigs(EXAMPLES).map((file) => relative(EXAMPLES, file))

describe('every example', () => {
  it('is found: one for each plugin at least', () => {
    expect(names.length).toBeGreaterThanOrEqual(plugins.length)
    const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    for (const { name } of plugins) expect(names).toContain(`${kebab(name)}.yaml`)
    for (const name of Object.keys(NOT_SERVED)) expect(names).toContain(name)
  })

  it.each(names)('%s is valid, and its routes answer', async (name) => {
    const [http1, http2] = [[await startHttp1()], [await startHttp2()]]
    const standIns: Record<string, readonly string[]> = { 'http:': http1, 'https:': http1, 'h2c:': http2 }
    const { configuration, url } = await startExample(name, {
      targets: ({ targets: [first] }) => first && standIns[new URL(first.url).protocol],
      alwaysListen: true,
    })
    const answers: Record<string, number> = {}
    for (const route of configuration.routes) answers[route.id] = await answerOf(route, url())
    const served = Object.fromEntries(configuration.routes.map(({ id }) => [id, 200]))
    expect(answers).toEqual({ ...served, ...NOT_SERVED[name] })
  })
})

async function answerOf({ path, methods, hosts, headers }: RouteConfiguration, url: string): Promise<number> {
  const host = hosts[0] === undefined ? [] : [['host', hosts[0].replace('*', 'www')]]
  const wanted = headers.map(({ name, value }) => [name, value])
  const response = await send(`${url}${path.replace('/*', '/1').replace(/:[^/]+/g, '1')}`, {
    method: methods[0] ?? 'GET',
    headers: Object.fromEntries([...host, ...wanted]),
  })
  expect(response.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  return response.status
}

async function startHttp1(): Promise<string> {
  const { url, close } = await startTarget()
  onTestFinished(close)
  return url
}

async function startHttp2(): Promise<string> {
  const server = createServer((_request, response) => response.end('served'))
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `h2c://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function findConfigs(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory())
      return name === 'services' || name === 'plugins' ? [] : findConfigs(path)
    if (name === 'turnpike.config.ts') return [path]
    return /\.(ya?ml|json)$/.test(name) &&
      /^(services|routes|include|version):/m.test(readFileSync(path, 'utf8'))
      ? [path]
      : []
  })
}
