// How `npm test` runs: files in parallel workers, coverage of the engine and the plugins.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['turnpike-source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['turnpike-source', 'node', 'import', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // A loaded machine is slow, not wrong: what is polled for decides, not how long it took.
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
