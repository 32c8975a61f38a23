import { get } from 'node:http'

/**
 * A process that asks a service for its health every ten milliseconds, and says at the end, once its input is closed, how
 * long it waited: the longest time is the longest stall of the service's event loop as it is felt outside.
 */
const [url = ''] = process.argv.slice(2)
const waitedMs: number[] = []

const asking = setInterval(() => {
  const begunMs = performance.now()
  get(`${url}/livez`, (response) => {
    response.resume()
    response.on('end', () => waitedMs.push(performance.now() - begunMs))
  }).on('error', () => {})
}, 10)

process.stdin.on('end', () => {
  clearInterval(asking)
  waitedMs.sort((one, other) => one - other)
  const at = (share: number) => Math.round(waitedMs[Math.floor((waitedMs.length - 1) * share)] ?? 0)
  const said = { probes: waitedMs.length, p99Ms: at(0.99), longestMs: at(1) }
  process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit())
})
process.stdin.resume()
