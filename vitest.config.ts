// How `npm test` runs: files in parallel workers, coverage of the engine and the plugins.
import { defineConfig } from 'vitest/config'

// A loaded machine is slow, not wrong: what is polled for decides, not how long it took.
const TEST_TIMEOUT_MS = process.env['NIGHTLY'] === '1' ? 3_600_000 : 60_000

export default defineConfig({
  resolve: { conditions: ['turnpike-source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['turnpike-source', 'node', 'import', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: TEST_TIMEOUT_MS,
    hookTimeout: TEST_TIMEOUT_MS,
    expect: { poll: { timeout: 40_000 } },
    execArgv: ['--conditions=turnpike-source'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'plugins/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'coverage',
    },
  },
})
