import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from './measure.ts'
import { anywhere, runClient, type Server, startServer } from './servers.ts'

const ROUNDS = 5
const PER_SECOND = 200
const SAMPLE = new URL('./openrtb-samples/01-desktop-news-300x250.json', import.meta.url)

interface Round {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Share of requests that got no bid: while a purse is filled, which a late event loop makes longer. */
  readonly empty: number
  /** The longest that the event loop of the process that reads was kept. */
  readonly blockedMs: number
}

/** What auctions notice of reports that are read, stored and written to files meanwhile. */
export async function benchSyncing(): Promise<void> {
  const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  row(
    'workers',
    'p50 idle · syncing, ms',
    'p99 idle · syncing, ms',
    'ratio of p99',
    'event loop kept, idle · syncing, ms',
    'without a bid, %',
    'rows read',
  )
  row(...Array.from({ length: 7 }, () => '---'))
  for (const workers of [0, 1]) {
    const { idle, syncing, rows } = await rounds(workers)
    const of = (all: readonly Round[], figure: (round: Round) => number) => median(all.map(figure))
    const pair = (figure: (round: Round) => number) =>
      `${of(idle, figure).toFixed(1)} · ${of(syncing, figure).toFixed(1)}`
    const p99 = ({ p99Ms }: Round) => p99Ms
    row(
      workers,
      pair(({ p50Ms }) => p50Ms),
      pair(p99),
      (of(syncing, p99) / of(idle, p99)).toFixed(2),
      pair(({ blockedMs }) => blockedMs),
      pair(({ empty }) => empty * 100),
      rows,
    )
  }
}

async function rounds(workers: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
  const platform = await startServer('bench/cases/report-server.ts', {}, anywhere)
  const service = await startServer(
    'bench/cases/syncing-service.ts',
    {
      REPORTS: platform.url,
      STORE: 'sqlite',
      DATA_DIR: folder,
      WORKERS: String(workers),
      OPENRTB_BUDGET: '9000000000',
      // A late event loop is what is measured, so it must not be hidden by requests that are answered without a bid.
      OPENRTB_SHED_ABOVE_MS: '100000',
      LOG_LEVEL: 'error',
    },
    anywhere,
  )
  try {
    const made = await send(service, '/api/v1/connectors', { connector_type: 'AMAZON_DSP', api_key: 'k' })
    const idle: Round[] = []
    const syncing: Round[] = []
    let rows = 0
    for (let round = 0; round < ROUNDS; round++) {
      idle.push(await paced(service))
      const load = keepSyncing(service, made.connector_id ?? made.id)
      syncing.push(await paced(service))
      rows += await load.stop()
    }
    return { idle, syncing, rows }
  } finally {
    service.stop()
    platform.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Asks for one report after the other until it is told to stop; says how many rows came. */
function keepSyncing(service: Server, connectorId: string) {
  let stopping = false
  const run = async () => {
    let rows = 0
    for (let day = 1; !stopping; day = (day % 28) + 1) {
      const date_range = { start: `2026-11-${String(day).padStart(2, '0')}`, end: '2026-11-28' }
      const asked = { connector_id: connectorId, report_type: 'performance', date_range }
      const { request_id } = await send(service, '/api/v1/connectors/fetch', asked)
      for (;;) {
        const { status, result } = await send(service, `/api/v1/connectors/requests/${request_id}`)
        if (status === 'failed') throw new Error('a report failed')
        if (status === 'completed') {
          rows += Number(result.records_fetched)
          break
        }
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    return rows
  }
  const running = run()
  return {
    stop() {
      stopping = true
      return running
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of the service, of which a few fields are read
async function send(service: Server, path: string, body?: object): Promise<any> {
  const response = await fetch(service.url + path, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(JSON.stringify(answer))
  return answer
}

async function paced(service: Server): Promise<Round> {
  await loopKeptMs(service)
  const url = `${service.url}/openrtb2/example/bid`
  const script = ['bench/cases/paced-client.ts', url, readFileSync(SAMPLE, 'utf8'), String(PER_SECOND)]
  const latency = JSON.parse(await runClient(script))
  return { ...latency, blockedMs: await loopKeptMs(service) }
}

/** Since it was asked last. */
async function loopKeptMs({ url }: Server): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(metrics)?.[1]) * 1000
}
