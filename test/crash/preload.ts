// `node --import ./test/crash/preload.ts bin/bidwarden.cjs`: loads the service's modules, then waits for a line before the service
// begins. So a restart takes as long as the service itself needs, and the next process is ready while one still runs.
import { isMainThread } from 'node:worker_threads'

// Threads and workers of the service are given its flags as well.
if (isMainThread && process.send === undefined) {
  await Promise.all([
    import('../../src/agent/index.ts'),
    import('../../src/cli/index.ts'),
    import('../../src/config/config.ts'),
    import('../../src/app/start-reading.ts'),
    import('../../src/shield/budget/stores/sqlite/sqlite-worker.ts'),
  ])
  await new Promise<void>((resolve) => {
    process.stdin.once('data', () => resolve())
    // Whoever prepared this process is gone.
    process.stdin.once('end', () => process.exit(1))
  })
  process.stdin.destroy()
}
