import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { exampleConnector } from '../../../test/support/example-connector.ts'
import { FakeClock } from '../../../test/support/fake-clock.ts'
import { onBothEngines } from '../../../test/support/stores.ts'
import { isoTime } from '../../time/clock.ts'
import { claim, enqueue, QUEUE_PRIORITIES } from '../queue/index.ts'
import { ReportFiles } from '../reports/index.ts'
import { deliver } from './deliver.ts'

/** Tells of every file before it is written. */
class ToldOf extends ReportFiles {
  readonly #before: () => Promise<unknown>

  constructor(before: () => Promise<unknown>) {
    super()
    this.#before = before
  }

  override async write(order: Parameters<ReportFiles['write']>[0]) {
    await this.#before()
    return super.write(order)
  }
}

onBothEngines((stores) => {
  it('gives a file to a request for the same report that comes while files are written', async () => {
    const clock = new FakeClock()
    const store = await stores.open()
    onTestFinished(() => store.close())
    const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
    await store.db.insertInto('organizations').values({ id: 1, name: 'one' }).execute()
    const now = isoTime(clock.nowMs())
    const row = {
      ...({ id: randomUUID(), org_id: 1, type: 'DV360', status: 'connected', metadata: '{}' } as const),
      concurrency: 1,
      created_at: now,
      updated_at: now,
    }
    await store.db.insertInto('connectors').values(row).execute()
    const range = { start: '2026-11-01', end: '2026-11-07' }
    const ask = (start: string) =>
      enqueue(store, clock, {
        connectorId: row.id,
        orgId: 1,
        reportType: 'performance',
        fields: ['clicks'],
        range: { start, end: range.end },
        priority: QUEUE_PRIORITIES.manual,
        syncJobId: undefined,
        maxDays: undefined,
        fresh: false,
      })
    const asked = [await ask('2026-11-01')]
    const some = { leaseMs: 60_000, perOrganisation: 1, running: new Map<number, number>(), suspects: false }
    const [job] = await claim(store, clock, { owner: 'me', limit: 1, ...some })
    const connector = exampleConnector('http://127.0.0.1:9')
    const spec = connector.reports['performance']
    if (!job || !spec) throw new Error('nothing to do')

    const reports = new ToldOf(async () => {
      if (asked.length < 3) asked.push(await ask(`2026-11-0${asked.length + 1}`))
    })
    onTestFinished(() => reports.close())
    const source = {
      connectorId: row.id,
      reportType: 'performance',
      jobId: job.id,
      key: spec.key,
      fields: spec.fields,
      dated: true,
      about: {},
    }
    const account = { accountId: 'a', currency: undefined, timezone: undefined, settings: {} }
    const whole = await store.db.selectFrom('connectors').selectAll().executeTakeFirstOrThrow()
    const deps = {
      store,
      clock,
      reports,
      files: { is: 'folder', dataDir },
      owner: 'me',
      callCost: 0,
    } as const
    await deliver(
      { ...deps, log: pino({ level: 'silent' }), calls: undefined as never, connectorOf: () => connector },
      { job, row: whole, connector, spec, account, range, source },
      {
        rowsOf: job.id,
        fetchedAt: now,
        calls: 1,
        executionTimeMs: () => 1,
        result: { cursor: undefined, finalThrough: undefined, caveats: [] },
        alongside: async () => {},
      },
    )
    const ended = await store.db
      .selectFrom('connector_requests')
      .select(['status', 'result', 'job_id'])
      .execute()
    expect(ended).toHaveLength(3)
    for (const request of ended)
      expect(request).toMatchObject({
        status: 'completed',
        job_id: job.id,
        result: expect.stringContaining('parquet'),
      })
  })
})
