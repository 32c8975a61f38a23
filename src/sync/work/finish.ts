import { isoTime } from '../../clock.ts'
import { parseJson } from '../../json.ts'
import type { Caveats } from '../connectors/caveats.ts'
import type { DateRange, ReportResult } from '../connectors/read-connector.ts'
import { emit } from '../events/index.ts'
import { complete, type RequestEnd, renew } from '../queue/index.ts'
import { countRows, removeVanished } from '../reports/index.ts'
import { type RequestResult, writeArtefact } from './artefact.ts'
import type { WorkDeps } from './deps.ts'
import { LEASE_MS } from './lease.ts'
import { type SpendBefore, shrinking, zoneCaveats } from './shrinking.ts'
import type { Work } from './work.ts'

/** What a conversation came to. */
export interface Ended {
  readonly said: ReportResult
  readonly caveats: Caveats
  readonly before: SpendBefore
  readonly calls: number
  readonly executionTimeMs: () => number
}

/**
 * Ends a job well: files for its requesters first, then everything that says so in one transaction. Returns why it did not:
 * nothing that the platform answered could be read.
 */
export async function finish(deps: WorkDeps, work: Work, end: Ended): Promise<string | undefined> {
  const { store, clock } = deps
  const { job, row, spec, account, range, source } = work
  const { said, calls, executionTimeMs } = end
  const fresh = await countRows(store, source, undefined, job.id)
  if (fresh === 0 && end.caveats.isPartial) return end.caveats.texts.join('; ')
  const result = await checked(deps, work, end, fresh)
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
    const asked: { date_range?: DateRange; fields: string[] } = parseJson(params)
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
        jobId: job.id,
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
  return undefined
}

/** Deletes what a whole reading did not find any more, unless the reading looks like a fault; says what is doubtful. */
async function checked(
  { store, clock }: WorkDeps,
  work: Work,
  { said, caveats, before }: Ended,
  fresh: number,
): Promise<ReportResult> {
  const { spec, range, source } = work
  const dates = spec.dated ? range : undefined
  const texts = () => ({ ...said, caveats: [...said.caveats, ...caveats.texts] })
  for (const text of zoneCaveats(work)) caveats.add(text)
  // It brought changes and no whole, or rows of it could not be read.
  if (said.cursor !== undefined || caveats.isPartial) return texts()
  if (fresh === 0) {
    if ((await countRows(store, source, dates)) > 0)
      caveats.add('the platform answered with no rows where there were some before; those are kept')
    return texts()
  }
  const doubts = await shrinking({ store, clock }, work, before, fresh)
  const { removed, kept } = await removeVanished(store, clock, source, dates, doubts.isShrunk)
  for (const text of doubts.caveats) caveats.add(text)
  if (kept > 0)
    caveats.add(
      `${kept} of ${kept + fresh} rows that were there before are missing in this reading; they are kept until a second reading lacks them too`,
    )
  if (doubts.isShrunk && removed > 0)
    caveats.add(`${removed} rows were deleted: two whole readings one after the other lacked them`)
  return texts()
}
