import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { claim, complete, type Job } from '../src/sync/queue/index.ts'
import { ReportFiles } from '../src/sync/reports/index.ts'
import { openStore, type Store, type StoreAddress } from '../src/sync/store/index.ts'
import { isoTime, systemClock } from '../src/time/clock.ts'
import { startPostgres } from '../test/support/postgres.ts'

const CONNECTORS = 50
const ROUNDS = 200
const print = (line: string) => process.stdout.write(`${line}\n`)

/** Queued jobs with a request each, spread over the connections. */
async function fill({ db }: Store, jobs: number): Promise<void> {
  const now = isoTime(systemClock.nowMs())
  const connectors = Array.from({ length: CONNECTORS }, () => randomUUID())
  await db.insertInto('organizations').values({ id: 1, name: 'bench' }).execute()
  for (const id of connectors) {
    const row = { id, org_id: 1, type: 'DV360', status: 'connected', metadata: '{}', concurrency: 4 } as const
    await db
      .insertInto('connectors')
      .values({ ...row, created_at: now, updated_at: now })
      .execute()
  }
  for (let from = 0; from < jobs; from += 1_000) {
    const part = Array.from({ length: 1_000 }, (_, i) => ({
      id: randomUUID(),
      connector_id: connectors[(from + i) % CONNECTORS] ?? '',
    }))
    await db.transaction().execute(async (tx) => {
      await tx
        .insertInto('fetch_jobs')
        .values(
          part.map((one) => ({
            ...one,
            report_type: 'r',
            fields: '[]',
            status: 'queued',
            priority: 2,
            turn_at: now,
            not_before: now,
            claim: 0,
            progress: 0,
            execution_time_ms: 0,
            records: 0,
            calls: 0,
            created_at: now,
          })),
        )
        .execute()
      await tx
        .insertInto('connector_requests')
        .values(
          part.map(({ id, connector_id }) => ({
            id: randomUUID(),
            connector_id,
            org_id: 1,
            request_type: 'r',
            params: '{}',
            status: 'queued' as const,
            priority: 2,
            batched_with: '[]',
            created_at: now,
            job_id: id,
          })),
        )
        .execute()
    })
  }
}

/** Jobs claimed and completed per second, ten workers at once. */
async function rate(store: Store): Promise<number> {
  const startedMs = systemClock.elapsedMs()
  let done = 0
  const finish = async (job: Job) => {
    const [request] = await store.db
      .selectFrom('connector_requests')
      .select('id')
      .where('job_id', '=', job.id)
      .execute()
    const requests = request ? [{ requestId: request.id, result: '{}', cost: 0, startedAt: null }] : []
    await store.db
      .transaction()
      .execute((tx) => complete(tx, systemClock, job, { records: 1, calls: 1, executionTimeMs: 5, requests }))
    done += 1
  }
  for (let round = 0; round < ROUNDS; round++) {
    const jobs = await claim(store, systemClock, {
      ...{ owner: 'bench', limit: 10, leaseMs: 60_000 },
      ...{ perOrganisation: 10, running: new Map(), suspects: false },
    })
    await Promise.all(jobs.map(finish))
  }
  return done / ((systemClock.elapsedMs() - startedMs) / 1000)
}

async function queueRates(name: string, openAt: () => Promise<StoreAddress>): Promise<void> {
  for (const jobs of [5_000, 100_000]) {
    const store = await openStore(await openAt())
    await fill(store, jobs)
    await rate(store)
    print(
      `${name.padEnd(18)} ${String(jobs).padStart(7)} waiting: ${Math.round(await rate(store))} claimed and completed per second`,
    )
    await store.close()
  }
}

/** As they are stored. */
async function* manyRows(count: number): AsyncGenerator<string[]> {
  for (let from = 0; from < count; from += 5_000) {
    yield Array.from({ length: 5_000 }, (_, i) =>
      JSON.stringify({
        date: `2026-11-${String(1 + ((from + i) % 28)).padStart(2, '0')}`,
        campaign_id: `c${(from + i) % 5_000}`,
        impressions: (from + i) % 90_001,
        clicks: (from + i) % 907,
        cost: ((from + i) % 10_007) / 100,
        account_id: 'acc-1',
      }),
    )
  }
}

async function parquetRate(folder: string): Promise<void> {
  const count = 1_000_000
  const files = new ReportFiles()
  global.gc?.()
  const before = process.memoryUsage().rss
  let peak = before
  async function* watched() {
    for await (const batch of manyRows(count)) {
      peak = Math.max(peak, process.memoryUsage().rss)
      yield batch
    }
  }
  const startedMs = systemClock.elapsedMs()
  const spec = { key: ['date', 'campaign_id'], fields: ['impressions', 'clicks', 'cost'], dated: true }
  const unlimited = { lookbackDays: 0, historyMonths: undefined, maxDays: undefined }
  const { bytes: size } = await files.write({
    wanted: { spec: { ...spec, ...unlimited }, fields: spec.fields, common: [] },
    path: join(folder, 'a.parquet'),
    texts: watched,
    metadata: () => ({}),
  })
  const seconds = (systemClock.elapsedMs() - startedMs) / 1000
  await files.close()
  print(
    `parquet: ${count} rows, ${Math.round(count / seconds)} rows/s, ${Math.round(size / 1e6)} MB, ${Math.round((peak - before) / 2 ** 20)} MiB more memory at most`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'bidwarden-bench-'))
const postgres = await startPostgres()
try {
  await parquetRate(folder)
  await queueRates('sqlite', async () => ({ is: 'sqlite', dataDir: mkdtempSync(join(folder, 'db-')) }))
  await queueRates('postgres, no fsync', async () => ({
    is: 'postgres',
    url: await postgres.createDatabase(),
  }))
} finally {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}
