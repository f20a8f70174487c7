// Whatever a file holds, loading it ends with a configuration or with faults; never with a crash.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { plugins } from '../../../plugins/index.ts'
import { configurationChecks } from '../../../src/checks.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import { fc, runs } from '../../support/property.ts'
import { writeFiles } from './config-under-test.ts'

const RUNS = runs(400)

const SEED = `version: 1
redis: \${REDIS_URL:-}
auth:
  corp: { type: jwt, issuer: https://id.example.com, audience: api }
  partner: { type: apiKey }
consumers:
  acme: { apiKey: "\${secret:KEY}", tier: gold }
defaults:
  auth: corp
  timeout: 10s
  rateLimit: { limit: 50/s, by: ip }
services:
  orders:
    host: "*.example.com"
    targets: [http://orders-1:8080, { url: http://orders-2:8080, weight: 2 }]
    canary: { percent: 5%, targets: [http://next:8080], stickyBy: consumer }
    retry: { attempts: 2, on: [connect, 502] }
    routes:
      read: { match: GET /orders/:id, rateLimit: [{ limit: 1/s, by: consumer }] }
      write:
        match: { path: /orders/*, methods: [POST], headers: { x-env: beta } }
        rewrite: /v2/*
        auth: none
      old: { match: /old/*, redirect: { to: /orders/* }, auth: [corp, partner] }
`

const WORDS = SEED.split(/([\s{}[\],:"]+)/).filter((word) => word !== '')

const edited = fc
  .array(
    fc.tuple(
      fc.nat(),
      fc.nat(3),
      fc.oneof(fc.constantFrom(...WORDS, '&a ', '*a', '!!x ', '- ', '|\n', '0', 'null', '..'), fc.string()),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((edits) => {
    const words = [...WORDS]
    for (const [where, cut, word] of edits) words.splice(where % words.length, cut, word)
    return words.join('')
  })

it('an edited config is read or refused, with a position for each fault, and printed', async () => {
  const file = join(writeFiles({ 'turnpike.yaml': SEED }), 'turnpike.yaml')
  const env = { KEY: 'acme-key-0123456789abcdef' }
  let refused = 0
  await fc.assert(
    fc.asyncProperty(edited, async (text) => {
      writeFileSync(file, text)
      const result = await loadConfiguration(file, { plugins, env, checks: configurationChecks })
      expect(result.configuration === undefined).toBe(result.faults.length > 0)
      for (const { position, message } of result.faults) {
        expect(position?.file).toBe(file)
        expect(message).not.toContain(env.KEY)
      }
      expect(result.render(false).includes('nothing was applied')).toBe(result.faults.length > 0)
      if (result.faults.length > 0) refused++
    }),
    { numRuns: RUNS },
  )
  expect(refused).toBeGreaterThan(RUNS / 4)
})
