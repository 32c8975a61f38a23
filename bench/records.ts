import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './measure.ts'
import { cpuSeconds, runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 5
const SECONDS = 4

const bid = (dryRun: boolean) =>
  JSON.stringify({
    customerId: 'CUST_001',
    campaignId: 'summer-sale',
    platform: 'tradedesk',
    predictedLtv: 1200,
    bidAmount: 0.01,
    dryRun,
  })

/** Nothing but the processor and the disk limits it. */
const UNLIMITED = {
  TRADEDESK_BUDGET: '9000000000',
  TRADEDESK_RATE_LIMIT: '100000000/60',
  TRADEDESK_BREAKER: '100000/60000/30/2',
}

interface Round {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the server and its threads, for one request. */
  readonly cpuMicros: number
}

/** `POST /v1/bids` with everything it must not forget on the disk, beside the same in memory. */
export async function benchRecords(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const servers = {
    memory: await startServer('bin/bidwarden.cjs', {
      ...UNLIMITED,
      STORE: 'memory',
      DATA_DIR: join(folder, 'a'),
    }),
    disk: await startServer('bin/bidwarden.cjs', {
      ...UNLIMITED,
      STORE: 'sqlite',
      DATA_DIR: join(folder, 'b'),
    }),
  }
  process.stdout.write(
    '| case | kept in | requests/s | p50 ms | p99 ms | processor µs |\n| --- | --- | --- | --- | --- | --- |\n',
  )
  for (const { name, dryRun, connections } of CASES) {
    const rounds = { memory: [] as Round[], disk: [] as Round[] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const where of ['memory', 'disk'] as const)
        rounds[where].push(await load(servers[where], bid(dryRun), connections))
    }
    for (const where of ['memory', 'disk'] as const) row(name, where, rounds[where])
  }
  for (const server of Object.values(servers)) server.stop()
  rmSync(folder, { recursive: true })
}

const CASES = [
  { name: 'dry run, 64 at once: one commit', dryRun: true, connections: 64 },
  { name: 'bid on the sandbox, 64 at once: two commits', dryRun: false, connections: 64 },
  { name: 'bid on the sandbox, one at a time', dryRun: false, connections: 1 },
]

function row(name: string, where: string, rounds: readonly Round[]): void {
  const middle = (pick: (round: Round) => number) => median(rounds.map(pick))
  const cells = [
    middle(({ perSecond }) => perSecond).toFixed(0),
    middle(({ p50Ms }) => p50Ms).toFixed(1),
    middle(({ p99Ms }) => p99Ms).toFixed(1),
    middle(({ cpuMicros }) => cpuMicros).toFixed(0),
  ]
  process.stdout.write(`| ${[name, where, ...cells].join(' | ')} |\n`)
}

/** Requests as fast as they are answered. */
async function load(server: Server, body: string, connections: number): Promise<Round> {
  const autocannon = createRequire(import.meta.url).resolve('autocannon')
  const options = ['-j', '-c', `${connections}`, '-d', `${SECONDS}`, '-m', 'POST']
  const json = ['-H', 'content-type=application/json', '-b', body]
  const before = cpuSeconds(server)
  const { requests, latency, non2xx, errors } = JSON.parse(
    await runClient([autocannon, ...options, ...json, `${server.url}/v1/bids`]),
  )
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} bids were not placed`)
  const cpuMicros = ((cpuSeconds(server) - before) * 1e6) / requests.total
  return { perSecond: requests.average, p50Ms: latency.p50, p99Ms: latency.p99, cpuMicros }
}
