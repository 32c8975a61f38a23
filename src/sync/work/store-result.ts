import type { Caveats, ReportResult } from '../../connectors/index.ts'
import { isoTime } from '../../time/clock.ts'
import { countRows, removeVanished } from '../reports/index.ts'
import { deliver } from './deliver.ts'
import type { WorkDeps } from './deps.ts'
import { type ReadingBefore, shrinking, zoneCaveats } from './shrinking.ts'
import type { RunningJob } from './work.ts'

/** Result of a conversation. */
export interface EndedConversation {
  readonly said: ReportResult
  readonly caveats: Caveats
  readonly before: ReadingBefore
  readonly calls: number
  readonly executionTimeMs: () => number
}

/**
 * Completes a job: first its files, then everything else in one transaction. Returns why it was not completed: nothing
 * in the answer could be read.
 */
export async function storeResult(
  deps: WorkDeps,
  work: RunningJob,
  end: EndedConversation,
): Promise<string | undefined> {
  const { store, clock } = deps
  const { job, row, source } = work
  const { said, calls, executionTimeMs } = end
  const fresh = await countRows(store, source, undefined, job.id)
  if (fresh === 0 && end.caveats.hasLeftOut) return end.caveats.texts.join('; ')
  const result = await checked(deps, work, end, fresh)
  await deliver(deps, work, {
    result,
    calls,
    executionTimeMs,
    rowsOf: job.id,
    fetchedAt: isoTime(clock.nowMs()),
    async alongside(tx, now) {
      // The cursor moves only together with durable rows.
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
    },
  })
  return undefined
}

/** Deletes rows that a complete reading did not find, unless the reading looks faulty. Returns caveats. */
async function checked(
  { store, clock }: WorkDeps,
  work: RunningJob,
  { said, caveats, before }: EndedConversation,
  fresh: number,
): Promise<ReportResult> {
  const { spec, range, source } = work
  const dates = spec.dated ? range : undefined
  const texts = () => ({ ...said, caveats: [...said.caveats, ...caveats.texts] })
  for (const text of zoneCaveats(work)) caveats.add(text)
  // The reading brought only changes, or some of its rows could not be read.
  if (said.cursor !== undefined || caveats.isPartial) return texts()
  if (fresh === 0) {
    if ((await countRows(store, source, dates)) > 0)
      caveats.add('the platform answered with no rows where there were some before; those are kept')
    return texts()
  }
  const doubts = await shrinking({ store, clock }, work, before, fresh)
  const isDoubtful = doubts.isShrunk || caveats.isDoubtful
  const { removed, kept } = await removeVanished(store, clock, source, dates, isDoubtful)
  for (const text of doubts.caveats) caveats.add(text)
  if (kept > 0)
    caveats.add(
      `${kept} of ${kept + fresh} rows that were there before are missing in this reading; they are kept until a second reading lacks them too`,
    )
  if (isDoubtful && removed > 0)
    caveats.add(`${removed} rows were deleted: two whole readings one after the other lacked them`)
  return texts()
}
