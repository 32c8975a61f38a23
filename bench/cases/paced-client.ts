import { Agent, request } from 'undici'

// node paced-client.ts <url> <body> [<per second>]: 200 requests a second or as many as said, each sent when it is due
// whatever became of the others, for eight seconds, of which the first two warm up. Prints {p50Ms, p99Ms, empty}, the last
// the share of answers without content: an exchange gets 204 while the purse that pays is being filled.
const [url = '', body = '', perSecond = '200'] = process.argv.slice(2)
const EVERY_MS = 1000 / Number(perSecond)
const [REQUESTS, WARM_UP] = [8_000 / EVERY_MS, 2_000 / EVERY_MS]
let empty = 0
const dispatcher = new Agent({ connections: 20, pipelining: 1 })

async function timed(): Promise<number> {
  const started = performance.now()
  const headers = { 'content-type': 'application/json' }
  const answer = await request(url, { method: 'POST', body, headers, dispatcher })
  await answer.body.text()
  if (answer.statusCode === 204) empty += 1
  else if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`)
  return performance.now() - started
}

const started = performance.now()
const pending: Promise<number>[] = []
for (let i = 0; i < REQUESTS; i++) {
  const waitMs = started + i * EVERY_MS - performance.now()
  if (waitMs > 0.5) await new Promise((resolve) => setTimeout(resolve, waitMs))
  pending.push(timed())
}
const latencies = (await Promise.all(pending)).slice(WARM_UP).sort((a, b) => a - b)
const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
process.stdout.write(JSON.stringify({ p50Ms: at(0.5), p99Ms: at(0.99), empty: empty / REQUESTS }))
await dispatcher.destroy()
