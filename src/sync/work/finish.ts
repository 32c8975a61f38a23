import { isoTime } from '../../clock.ts'
import type { DateRange, ReportResult } from '../connectors/read-connector.ts'
import { emit } from '../events/index.ts'
import { complete, type RequestEnd, renew } from '../queue/index.ts'
import { countRows, removeVanished } from '../reports/index.ts'
import { type RequestResult, writeArtefact } from './artefact.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import type { Work } from './work.ts'

/** Ends a job well: files for its requesters first, then everything that says so in one transaction. */
export async function finish(
  deps: WorkDeps,
  work: Work,
  said: ReportResult,
  calls: number,
  executionTimeMs: () => number,
): Promise<void> {
  const { store, clock } = deps
  const { job, row, spec, account, range, source } = work
  const result = await checked(deps, work, said)
  await renew(store, clock, job, LEASE_MS, 0.99)

  const requests = await store.db
    .selectFrom('connector_requests')
    .select(['id', 'params'])
    .where('job_id', '=', job.id)
    .where('status', '=', 'running')
    .execute()
  const written = new Map<string, RequestResult>()
  const ends: RequestEnd[] = []
  for (const { id, params } of requests) {
    const asked: { date_range?: DateRange; fields: string[] } = JSON.parse(params)
    const same = JSON.stringify([asked.date_range, asked.fields])
    const found =
      written.get(same) ??
      (await writeArtefact(deps, id, {
        report: source,
        spec,
        account,
        range: asked.date_range ?? range,
        fields: asked.fields,
        result,
      }))
    written.set(same, found)
    ends.push({
      requestId: id,
      result: JSON.stringify(found),
      cost: (calls * deps.callCost) / requests.length,
    })
  }
  const records = Math.max(0, ...[...written.values()].map((one) => one.records_fetched))
  await store.db.transaction().execute(async (tx) => {
    const now = isoTime(clock.nowMs())
    await complete(tx, clock, job, { records, calls, executionTimeMs: executionTimeMs(), requests: ends })
    // The cursor moves only with rows that are durable.
    if (said.cursor !== undefined) {
      const cursor = { value: JSON.stringify(said.cursor), updated_at: now }
      await tx
        .insertInto('cursors')
        .values({ connector_id: row.id, report_type: job.report_type, ...cursor })
        .onConflict((conflict) => conflict.columns(['connector_id', 'report_type']).doUpdateSet(cursor))
        .execute()
    }
    await tx
      .updateTable('connectors')
      .set({ last_sync_at: now, updated_at: now })
      .where('id', '=', row.id)
      .execute()
    const data = {
      request_ids: ends.map(({ requestId }) => requestId),
      report_type: job.report_type,
      records_fetched: records,
      caveats: result.caveats,
    }
    await emit(tx, clock, { orgId: row.org_id, type: 'data_fetched', subject: row.id, data })
  })
}

/** An empty answer where there were rows is more likely a fault than the truth: it is flagged, and the rows stay. */
async function checked(
  { store }: WorkDeps,
  { job, spec, range, source }: Work,
  said: ReportResult,
): Promise<ReportResult> {
  const fresh = await store.db
    .selectFrom('report_rows')
    .select('row_key')
    .where('connector_id', '=', source.connectorId)
    .where('report_type', '=', source.reportType)
    .where('job_id', '=', job.id)
    .limit(1)
    .executeTakeFirst()
  const dates = spec.dated ? range : undefined
  if (!fresh && said.cursor === undefined && (await countRows(store, source, dates)) > 0) {
    return {
      ...said,
      caveats: [
        ...said.caveats,
        'the platform answered with no rows where there were some before; those are kept',
      ],
    }
  }
  if (said.cursor === undefined) await removeVanished(store, source, dates)
  return said
}
