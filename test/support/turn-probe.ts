import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'

/**
 * Loaded before a service: says once a second how long its event loop was kept at most, in milliseconds of its own work, and at
 * `SIGUSR2` how long since the last such signal. Time in which a busy machine gave it no processor is not counted. At `SIGWINCH`,
 * what its heap holds once garbage is collected. Threads, which load this too, keep nobody waiting.
 */
if (isMainThread) {
  let before = process.threadCpuUsage()
  let longestMs = 0
  let longestSinceAskedMs = 0

  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before)
    before = process.threadCpuUsage()
    const tookMs = (user + system) / 1000
    longestMs = Math.max(longestMs, tookMs)
    longestSinceAskedMs = Math.max(longestSinceAskedMs, tookMs)
  }, 1)

  setInterval(() => {
    process.stdout.write(`longest turn ${longestMs.toFixed(1)} ms\n`)
    longestMs = 0
  }, 1_000)

  process.on('SIGUSR2', () => {
    process.stdout.write(`since asked ${longestSinceAskedMs.toFixed(1)} ms\n`)
    longestSinceAskedMs = 0
  })

  process.on('SIGWINCH', () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    process.stdout.write(`heap in use ${((heapUsed + external) / 2 ** 20).toFixed(1)} MiB\n`)
  })
}
