import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { median } from './measure.ts'
import { runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 5
const SECONDS = 4
const SANDBOX_PORT = '18913'

const bid = (platform: string, dryRun: boolean) =>
  JSON.stringify({
    customerId: 'CUST_001',
    campaignId: 'summer-sale',
    platform,
    predictedLtv: 1200,
    bidAmount: 1,
    dryRun,
  })

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** `POST /v1/bids` beside a bare route of the same framework, and what the service adds to a platform's own time. */
export async function benchHttp(): Promise<void> {
  const bare = await startServer('bench/cases/bare-hono.ts')
  const service = await startServer('bin/bidwarden.cjs')
  const idleMiB = await settledMiB(service)
  const rates = { bare: [] as number[], service: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    rates.bare.push(await load(`${bare.url}/v1/bids`, bid('google_ads', true)))
    rates.service.push(await load(`${service.url}/v1/bids`, bid('google_ads', true)))
  }
  bare.stop()
  service.stop()
  const [plain, ours] = [median(rates.bare), median(rates.service)]
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row('figure', 'value', 'goal')
  row('---', '---', '---')
  row('bare Hono route, requests/s', plain.toFixed(0), '')
  row('`POST /v1/bids` dry run, requests/s', ours.toFixed(0), '')
  row('ratio', (ours / plain).toFixed(2), '≥ 0.65')
  const added = await addedLatency()
  row('platform alone at 200/s, p50 · p99 ms', added.alone, '')
  row('`POST /v1/bids` at 200/s, p50 · p99 ms', added.whole, '')
  row('added at p99, ms', added.p99.toFixed(1), '≤ 5')
  row('start to first answer, ms', service.startMs.toFixed(0), '≤ 1000')
  row('idle memory, MiB', idleMiB.toFixed(0), '≤ 120')
}

/** Real bids on the sandbox at 200 a second, beside the sandbox asked directly at the same rate in the same run. */
async function addedLatency(): Promise<{ alone: string; whole: string; p99: number }> {
  const service = await startServer('bin/bidwarden.cjs', {
    SANDBOX_PORT: SANDBOX_PORT,
    TRADEDESK_BUDGET: '9000000000',
    TRADEDESK_RATE_LIMIT: '100000000/60',
  })
  const direct: Latency[] = []
  const through: Latency[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Any answer of the sandbox takes the same way as the one to a bid.
    direct.push(await paced(`http://127.0.0.1:${SANDBOX_PORT}/_sandbox/release`, '{}'))
    through.push(await paced(`${service.url}/v1/bids`, bid('tradedesk', false)))
  }
  service.stop()
  const p99 = (rounds: readonly Latency[]) => median(rounds.map(({ p99Ms }) => p99Ms))
  const text = (rounds: readonly Latency[]) => {
    const p50 = median(rounds.map(({ p50Ms }) => p50Ms))
    return `${p50.toFixed(1)} · ${p99(rounds).toFixed(1)}`
  }
  return { alone: text(direct), whole: text(through), p99: p99(through) - p99(direct) }
}

const paced = async (url: string, body: string): Promise<Latency> =>
  JSON.parse(await runClient(['bench/cases/paced-client.ts', url, body]))

/** Requests a second over 64 connections, as fast as they are answered. */
async function load(url: string, body: string): Promise<number> {
  const autocannon = createRequire(import.meta.url).resolve('autocannon')
  const options = ['-j', '-c', '64', '-d', `${SECONDS}`, '-m', 'POST', '-H', 'content-type=application/json']
  const { requests, non2xx, errors } = JSON.parse(await runClient([autocannon, ...options, '-b', body, url]))
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests to ${url} failed`)
  return requests.average
}

/** Resident memory some seconds after the start, when what the start left behind is gone. */
async function settledMiB({ pid }: Server): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
