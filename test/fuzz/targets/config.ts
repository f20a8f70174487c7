// A config is read or refused, with a place for each fault; no secret is shown, and nothing is thrown.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plugins } from '../../../plugins/index.ts'
import { configurationChecks } from '../../../src/checks.ts'
import { loadConfiguration } from '../../../src/config/load.ts'
import type { FuzzTarget } from '../fuzzer.ts'

const folder = mkdtempSync(join(tmpdir(), 'turnpike-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const env = { KEY: 'canary-key-0123456789abcdef', PORT: '8080' }

export const config: FuzzTarget = {
  name: 'config',
  maxBytes: 2048,
  runsInCi: 400,
  dictionary: [
    ...[
      'services:',
      'routes:',
      'targets:',
      'match:',
      'defaults:',
      'auth:',
      'consumers:',
      'timeout:',
      'retry:',
    ],
    ...['rateLimit:', 'circuitBreaker:', 'concurrency:', 'cors:', 'headers:', 'canary:', 'health:', 'tls:'],
    ...[
      'rewrite:',
      'redirect:',
      'respond:',
      'host:',
      'listen:',
      'redis:',
      'drain:',
      'tracing:',
      'trustProxy:',
    ],
    ...[
      '\n',
      '\n  ',
      '\n    ',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      ', ',
      '"',
      "'",
      '#',
      '&a ',
      '*a',
      '!!x ',
      '|\n',
      '>-\n',
    ],
    ...[
      '${PORT}',
      '${secret:KEY}',
      '${PORT:-x}',
      '${',
      'null',
      'true',
      '0',
      '-1',
      '1e999',
      '10s',
      '50%',
      '100/min',
    ],
    ...['http://a:1', 'GET /x/*', '/:id', '*.a.test', '\t', '\r\n', '\uFEFF', '\0', '__proto__', '<<: '],
  ],
  async run(input) {
    const file = join(folder, input[0] === 0x7b ? 'turnpike.json' : 'turnpike.yaml')
    writeFileSync(file, input)
    const result = await loadConfiguration(file, { plugins, env, checks: configurationChecks })
    assert.equal(result.configuration === undefined, result.faults.length > 0)
    for (const { position } of result.faults) assert.equal(position?.file, file)
    // A variable that nobody called a secret may be shown.
    if (!input.includes('${KEY')) assert.ok(!result.render(false).includes(env.KEY))
  },
}
