/**
 * Loaded before a service: says once a second how long its event loop was kept at most, in milliseconds of its own work. Time
 * in which a busy machine gave it no processor is not counted.
 */
let before = process.threadCpuUsage()
let longestMs = 0

setInterval(() => {
  const { user, system } = process.threadCpuUsage(before)
  before = process.threadCpuUsage()
  longestMs = Math.max(longestMs, (user + system) / 1000)
}, 1)

setInterval(() => {
  process.stdout.write(`longest turn ${longestMs.toFixed(1)} ms\n`)
  longestMs = 0
}, 1_000)
