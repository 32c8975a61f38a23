import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Every test file, and every thread and process that a test starts, loads the whole service anew; what Node has compiled
// once is kept for all of them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

export default defineConfig({
  test: {
    setupFiles: ['test/support/setup.ts'],
    pool: 'threads',
    // As many as the machine that they have to fit has cores: with one more, processes that a test starts were starved.
    maxWorkers: 2,
    // What is waited for comes in milliseconds on a quiet machine; a busy one gets the time it needs.
    expect: { poll: { timeout: 45_000 } },
    experimental: {
      // Node runs the files as it would run the service. Vite's own runner turns every imported name into a look-up, which
      // costs what counts in steps, the property tests, half as much again.
      viteModuleRunner: false,
      // Only mocks of modules need it, and there are none.
      nodeLoader: false,
    },
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // What runs in threads of its own, which is not seen; CONTRIBUTING says what shows it to be right.
      exclude: [
        '**/*.{test,proof}.ts',
        '**/*.test-support.ts',
        'src/**/*-worker.ts',
        'src/shield/budget/stores/sqlite/sqlite-{file,ledger}.ts',
      ],
      reporter: ['text', 'json-summary'],
      // Of lines: the command fails below them.
      thresholds: {
        'src/connectors/**': { lines: 80 },
        'src/sync/**': { lines: 80 },
        'src/conversions/**': { lines: 80 },
        'src/shield/**': { lines: 95 },
      },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['{src,test,grafana}/**/*.test.ts'],
          // Many times what they take on a quiet machine: a test finds faults, not how busy the machine is.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // A thread runs many files: loading the service for each costs a sixth of the whole run.
          isolate: false,
        },
      },
      {
        extends: true,
        // What kills processes, fills disks, waits for leases of real seconds or plays many thousand steps.
        test: {
          name: 'proofs',
          include: ['{src,test}/**/*.proof.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
