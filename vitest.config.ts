import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'grafana/**/*.test.ts'],
    testTimeout: 20_000,
    setupFiles: ['test/support/setup.ts'],
    pool: 'threads',
    // As many as the machine that they have to fit has cores.
    maxWorkers: 2,
  },
})
