import { sql, type Transaction } from 'kysely'
import { type Clock, isoTime } from '../../time/clock.ts'
import { OPEN_JOB_STATUSES, type Store, type SyncDatabase } from '../store/index.ts'
import type { ReportId } from './stored-rows.ts'

/** The rows of one day of a report, or those without a date. They are deleted together: part of a day would be a false sum. */
export interface RowGroup extends ReportId {
  /** Empty for rows without a date. */
  readonly date: string
}

/** What was forgotten of a report: days up to `through`, as far as they were read before `at`. */
export interface Forgotten {
  readonly through: string
  readonly at: string
}

/**
 * Deletes a group of rows, unless a job of the report has begun: it may need them for its file. Returns the number of
 * deleted rows. Earlier readings serve no later request, and a list that was kept up to date by changes is read anew.
 */
export async function forgetGroup({ db, engine }: Store, clock: Clock, group: RowGroup): Promise<number> {
  const { connectorId, reportType, date } = group
  const now = isoTime(clock.nowMs())
  return db.transaction().execute(async (tx) => {
    // Jobs are claimed under this lock.
    if (engine === 'postgres')
      await tx.selectFrom('connectors').select('id').where('id', '=', connectorId).forUpdate().execute()
    if (await isInUse(tx, group)) return 0
    const { numDeletedRows } = await tx
      .deleteFrom('report_rows')
      .where('connector_id', '=', connectorId)
      .where('report_type', '=', reportType)
      .where('date', '=', date)
      .executeTakeFirst()
    if (numDeletedRows === 0n) return 0
    if (date === '')
      await tx
        .deleteFrom('cursors')
        .where('connector_id', '=', connectorId)
        .where('report_type', '=', reportType)
        .execute()
    else await noteForgotten(tx, group, now)
    await tx.updateTable('connectors').set({ changed_at: now }).where('id', '=', connectorId).execute()
    return Number(numDeletedRows)
  })
}

/** Whether a job of the report has begun, or will make its file of rows that are stored. */
async function isInUse(
  tx: Transaction<SyncDatabase>,
  { connectorId, reportType }: ReportId,
): Promise<boolean> {
  const job = await tx
    .selectFrom('fetch_jobs')
    .select('id')
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('status', 'in', OPEN_JOB_STATUSES)
    .where(({ eb, or }) => or([eb('claim', '>', 0), eb('rows_of', 'is not', null)]))
    .limit(1)
    .executeTakeFirst()
  return job !== undefined
}

async function noteForgotten(
  tx: Transaction<SyncDatabase>,
  { connectorId, reportType, date }: RowGroup,
  now: string,
): Promise<void> {
  await tx
    .insertInto('forgotten_rows')
    .values({ connector_id: connectorId, report_type: reportType, through: date, forgotten_at: now })
    .onConflict((conflict) =>
      conflict.columns(['connector_id', 'report_type']).doUpdateSet({
        through: sql<string>`CASE WHEN excluded.through > forgotten_rows.through THEN excluded.through ELSE forgotten_rows.through END`,
        forgotten_at: now,
      }),
    )
    .execute()
}

/** What was deleted of a report; undefined if nothing was. */
export async function forgottenOf({ db }: Store, report: ReportId): Promise<Forgotten | undefined> {
  const row = await db
    .selectFrom('forgotten_rows')
    .select(['through', 'forgotten_at as at'])
    .where('connector_id', '=', report.connectorId)
    .where('report_type', '=', report.reportType)
    .executeTakeFirst()
  return row
}

/** Goes through all reports that have rows. */
export async function* reportsWithRows({ db }: Store): AsyncGenerator<ReportId> {
  for (let last: ReportId | undefined; ; ) {
    // The first row after each report is found by the index; DISTINCT would read every row.
    let query = db
      .selectFrom('report_rows')
      .select(['connector_id as connectorId', 'report_type as reportType'])
      .orderBy('connector_id')
      .orderBy('report_type')
      .limit(1)
    if (last)
      query = query.where(
        sql<boolean>`(connector_id, report_type) > (${last.connectorId}, ${last.reportType})`,
      )
    last = await query.executeTakeFirst()
    if (!last) return
    yield last
  }
}

/** Deletes the rows of dated reports before a date. */
export async function forgetRowsBefore(store: Store, clock: Clock, before: string): Promise<void> {
  for await (const report of reportsWithRows(store)) {
    for (;;) {
      const date = await oldestDate(store, report)
      if (date === undefined || date >= before) break
      if ((await forgetGroup(store, clock, { ...report, date })) === 0) break
    }
  }
}

/** Oldest date of a report's rows; undefined where none has one. */
export async function oldestDate({ db }: Store, report: ReportId): Promise<string | undefined> {
  const row = await db
    .selectFrom('report_rows')
    .select('date')
    .where('connector_id', '=', report.connectorId)
    .where('report_type', '=', report.reportType)
    .where('date', '>', '')
    .orderBy('date')
    .limit(1)
    .executeTakeFirst()
  return row?.date
}

/** The most rows that one statement counts, some milliseconds of work. */
const PER_COUNT = 20_000

/** Number of a report's rows, counted in slices so that no other statement waits long. */
export async function countInSlices({ db }: Store, { connectorId, reportType }: ReportId): Promise<number> {
  let counted = 0
  for (let after = ''; ; ) {
    const { rows } = await sql<{ rows: number | string; last: string | null }>`
      SELECT count(*) AS rows, max(row_key) AS last FROM (
        SELECT row_key FROM report_rows WHERE connector_id = ${connectorId} AND report_type = ${reportType}
          AND row_key > ${after} ORDER BY row_key LIMIT ${PER_COUNT}) slice`.execute(db)
    const slice = rows[0]
    if (!slice || slice.last === null) return counted
    counted += Number(slice.rows)
    if (Number(slice.rows) < PER_COUNT) return counted
    after = slice.last
  }
}
