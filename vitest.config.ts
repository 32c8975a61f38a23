import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Every test file, and every thread and process that a test starts, loads the whole service anew; what Node has compiled
// once is kept for all of them.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

/** They kill processes, and want a thread and a disk of their own. */
const KILLS = ['**/*crash*.test.ts', 'test/crash/*.test.ts']

export default defineConfig({
  test: {
    // Many times what they take on a quiet machine: nothing is found out by how busy this one is.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/setup.ts'],
    pool: 'threads',
    // As many as the machine that they have to fit has cores: with one more, processes that a test starts were starved.
    maxWorkers: 2,
    experimental: {
      // Node runs the files as it would run the service. Vite's own runner turns every imported name into a look-up, which
      // costs what counts in steps, the property tests, half as much again.
      viteModuleRunner: false,
      // Only mocks of modules need it, and there are none.
      nodeLoader: false,
    },
    projects: [
      { extends: true, test: { name: 'kills', include: KILLS } },
      // What takes long, fuzzing, ten thousand campaigns, failovers: `npm run test:proofs`.
      {
        extends: true,
        test: {
          name: 'proofs',
          include: ['test/proofs/**/*.proof.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'others',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'grafana/**/*.test.ts'],
          exclude: KILLS,
          // A thread runs many files: loading the service for each costs a sixth of the whole run.
          isolate: false,
        },
      },
    ],
  },
})
