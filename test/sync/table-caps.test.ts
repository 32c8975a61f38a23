import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { noteBudget } from '../../src/sync/reconcile/campaign-budgets.ts'
import { forgetGroup } from '../../src/sync/reports/index.ts'
import { goOn } from '../support/harness.ts'
import { ENGINES, environmentOn } from '../support/postgres.ts'
import { startReads } from '../support/reads.ts'

const LIMITS = 'report_rows=5,campaign_budgets=3,dead_letters=2,mails=2,events=3'

async function start(engine: (typeof ENGINES)[number]) {
  const environment = {
    TABLE_LIMITS: LIMITS,
    CONNECTOR_KEEP_FILES_MIB: '7',
    ...(await environmentOn(engine)),
  }
  const reads = await startReads(environment)
  if (engine === 'PostgreSQL') onTestFinished(() => reads.service.stop())
  const sync = reads.service.reads
  if (!sync) throw new Error('reads are off')
  const { db } = sync.store
  const metric = async (name: string, label: string) => {
    const { body } = await reads.get('/metrics')
    const line = new RegExp(`^${name}\\{[^}]*"${label}"[^}]*\\} (\\S+)$`, 'm').exec(body)
    return line ? Number(line[1]) : undefined
  }
  return {
    reads,
    store: sync.store,
    db,
    metric,
    /** Lets a minute pass, and waits until tables are short again. */
    async shortened(holds: () => Promise<boolean>) {
      reads.clock.advance(60_000)
      for (let turn = 0; turn < 2_000; turn++) {
        if (await holds()) return
        await goOn()
      }
      throw new Error('it never came to be')
    },
  }
}

describe.each(ENGINES)('tables of what is read, on %s', (engine) => {
  it('keep whole days of reports, the latest ones, and say what is missing', async () => {
    const { reads, store, db, metric, shortened } = await start(engine)
    const days = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04']
    reads.platform.rows = days.flatMap((date) => ['a', 'b'].map((id) => ({ date, id, clicks: 1, cost: 5 })))
    const connectorId = await reads.connect()
    const dates = async () =>
      (await db.selectFrom('report_rows').select('date').orderBy('date').execute()).map(({ date }) => date)
    const { body } = await reads.fetchReport()
    const request = `/api/v1/connectors/requests/${body.request_id}/data`
    expect((await reads.ended(body.request_id)).body.status).toBe('completed')
    expect(await dates()).toHaveLength(8)

    // A job of the report has begun: its file may need the rows.
    await db.updateTable('fetch_jobs').set({ status: 'running' }).execute()
    const report = { connectorId, reportType: 'performance' }
    expect(await forgetGroup(store, reads.clock, { ...report, date: '2026-11-01' })).toBe(0)
    await db.updateTable('fetch_jobs').set({ status: 'completed' }).execute()
    await shortened(async () => (await dates()).length <= 5)

    // Two days with two rows each: one row less would be part of a day.
    expect(await dates()).toEqual(['2026-11-03', '2026-11-03', '2026-11-04', '2026-11-04'])
    await expect.poll(() => metric('bidwarden_table_rows', 'report_rows')).toBe(4)
    const json = await reads.get(request)
    expect(json.body.rows).toHaveLength(4)
    expect(json.body.metadata.caveats).toEqual([
      expect.stringMatching(/^4 rows of this request are not here/),
    ])
    const csv = await reads.get(`${request}?format=csv`)
    expect(csv.headers.get('x-bidwarden-rows-missing')).toBe('4')
    expect((await reads.get(`${request}?format=parquet`)).status).toBe(200)

    // What was forgotten is read again, and serves nobody as if it were whole.
    reads.clock.advance(1_000)
    const again = await reads.fetchReport()
    expect((await reads.ended(again.body.request_id)).body.result.records_fetched).toBe(8)
    await shortened(async () => (await dates()).length <= 5)
    expect(await dates()).toHaveLength(4)
    for (const date of days) await forgetGroup(store, reads.clock, { ...report, date })
    expect((await reads.get(request)).status).toBe(404)
  })

  it('forget the oldest budget that was replaced, dead letter, mail and event', async () => {
    const { reads, store, db, metric, shortened } = await start(engine)
    const connectorId = await reads.connect()
    const { org_id } = await db.selectFrom('connectors').select('org_id').executeTakeFirstOrThrow()
    const account = { type: 'DV360', accountId: '1' } as const
    for (const [campaign, micros] of [
      ['only', 1],
      ['a', 2],
      ['a', 3],
      ['b', 4],
      ['b', 5],
    ] as const) {
      await noteBudget(store, reads.clock, account, campaign, micros)
      await noteBudget(store, reads.clock, { ...account, accountId: '2' }, 'x', micros)
      const at = new Date(reads.clock.nowMs()).toISOString()
      await db
        .insertInto('dead_letters')
        .values({
          ...{ id: randomUUID(), org_id, connector_id: connectorId, sync_job_id: randomUUID() },
          ...{ error: `${micros}`, created_at: at },
        })
        .execute()
      await db
        .insertInto('mail_notices')
        .values({
          ...{ event_id: randomUUID(), connector_id: connectorId, subject: `${micros}`, text: '' },
          ...{ status: 'waiting', attempts: 0, next_at: '2027-01-01T00:00:00.000Z', created_at: at },
        })
        .execute()
      await db
        .insertInto('events')
        .values({
          ...{ id: randomUUID(), org_id, type: 'data_fetched', subject: connectorId },
          // As if the stream of events had been away for long: nobody has published it.
          ...{ data: '{}', time: at, published_at: null },
        })
        .execute()
      reads.clock.advance(1)
    }
    const budgets = async () =>
      (
        await db
          .selectFrom('campaign_budgets')
          .select(['account_id', 'campaign_id', 'daily_micros'])
          .orderBy('account_id')
          .orderBy('set_at')
          .execute()
      ).map(({ account_id, campaign_id, daily_micros }) => `${account_id} ${campaign_id} ${daily_micros}`)
    await shortened(async () => (await metric('bidwarden_table_rows', 'mails')) === 2)
    // The budget that is in force of each campaign stays, however old it is.
    expect(await budgets()).toEqual(['1 only 1', '1 a 3', '1 b 5', '2 x 3', '2 x 4', '2 x 5'])
    const letters = await db.selectFrom('dead_letters').select('error').orderBy('created_at').execute()
    expect(letters.map(({ error }) => error)).toEqual(['4', '5'])
    const mails = await db.selectFrom('mail_notices').select('subject').orderBy('created_at').execute()
    expect(mails.map(({ subject }) => subject)).toEqual(['4', '5'])
    expect(await db.selectFrom('events').select('id').execute()).toHaveLength(3)
    for (const [table, rows] of Object.entries({ campaign_budgets: 3, dead_letters: 2, events: 3 }))
      expect(await metric('bidwarden_table_rows', table)).toBe(rows)
    expect(await metric('bidwarden_table_limit', 'report_file_bytes')).toBe(7 << 20)
    expect(await metric('bidwarden_file_bytes', 'database')).toBeGreaterThan(10_000)
  })
})
