// Every file under examples/ is a promise: it is valid, it starts, and it answers.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { plugins } from '../../plugins/index.ts'
import { configurationChecks } from '../../src/checks.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { startGateway } from '../../src/gateway.ts'
import { send } from '../support/http-client.ts'
import { type Certificate, makeCertificate } from '../unit/upstream/certificates.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))
const EXAMPLE_SECRET = 'an-example-secret-that-is-long-enough'

const files = findConfigs(EXAMPLES)

let certificate: Certificate

describe('every example', () => {
  it('is found: one for each plugin at least', () => {
    expect(files.length).toBeGreaterThanOrEqual(plugins.length)
    const names = files.map((file) => relative(EXAMPLES, file))
    const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    for (const { name } of plugins) expect(names).toContain(`${kebab(name)}.yaml`)
  })

  it.each(files.map((file) => [relative(EXAMPLES, file), file]))(
    '%s is valid and serves',
    async (_name, file) => {
      certificate = makeCertificate(['api.example.com'])
      const load = () =>
        loadConfiguration(file, { plugins, env: exampleEnv(file), checks: configurationChecks })
      const result = await load()
      expect(result.configuration, result.render(false)).toBeDefined()
      const listeners = result.configuration!.listeners.map((one) => ({ ...one, address: '127.0.0.1:0' }))
      const gateway = await startGateway(
        { ...result.configuration!, listeners, redis: undefined, drain: { delayMs: 0, timeoutMs: 1000 } },
        {
          load,
          env: {},
          version: 'test',
          logTo: new PassThrough().resume(),
          listen: '127.0.0.1:0',
          status: '127.0.0.1:0',
          admin: '127.0.0.1:0',
        },
      )
      const known = result.configuration!.routes[0]!
      const response = await send(
        `${gateway.addresses.listen}${known.path.replace('/*', '/1').replace(/:[^/]+/g, '1')}`,
        {
          method: known.methods[0] ?? 'GET',
          headers: known.hosts[0] ? { host: known.hosts[0].replace('*', 'www') } : {},
        },
      )
      // The services of examples do not run here; what the gateway answers must be its own, and never a crash.
      expect([200, 204, 301, 302, 307, 308, 400, 401, 403, 413, 429, 502, 503, 504]).toContain(
        response.status,
      )
      expect(response.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
      await gateway.stop()
    },
  )
})

/** Certificates stand in no repository: the examples name their files by variables. */
function exampleFile(name: string): string | undefined {
  if (/_(?:CERT|CA)_FILE$/.test(name)) return certificate.certFile
  return name.endsWith('_KEY_FILE') ? certificate.keyFile : undefined
}

function exampleEnv(file: string): Record<string, string> {
  const names = [
    ...readFileSync(file, 'utf8').matchAll(
      /(?:\$\{(?:secret:)?|secret\('|env\(')([A-Z][A-Z0-9_]*)(?:\}|'\))/g,
    ),
  ].map((match) => match[1]!)
  const values = names.map((name) => [
    name,
    exampleFile(name) ??
      (/PORT/.test(name) ? '9' : /URL$/.test(name) ? 'http://127.0.0.1:9' : EXAMPLE_SECRET),
  ])
  return Object.fromEntries(values)
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
