import { sql } from 'kysely'
import type { Store } from '../store/index.ts'

/** A completed reading. */
export interface Recent {
  readonly range: { readonly start: string; readonly end: string } | undefined
  /** Milliseconds for which it used a place of its connection. */
  readonly busyMs: number
  /** Milliseconds from its begin to its end without rests (for limits, failures or a place). */
  readonly tookMs: number
  readonly calls: number
}

/** Number of latest readings that estimates are based on. */
const RECENT = 20

/** @param reportType undefined for all reports */
export async function recentOf(
  { db }: Store,
  connectorId: string,
  reportType?: string,
): Promise<readonly Recent[]> {
  let query = db
    .selectFrom('fetch_jobs')
    .select([
      'range_start',
      'range_end',
      'execution_time_ms',
      'rested_ms',
      'calls',
      'started_at',
      'finished_at',
    ])
    .where('connector_id', '=', connectorId)
    .where('status', '=', 'completed')
    .where('rows_of', 'is', null)
    .orderBy('finished_at', 'desc')
    .limit(RECENT)
  if (reportType !== undefined) query = query.where('report_type', '=', reportType)
  const jobs = await query.execute()
  return jobs.flatMap((job) => {
    if (job.started_at === null || job.finished_at === null) return []
    const { range_start: start, range_end: end } = job
    const lastedMs = Date.parse(job.finished_at) - Date.parse(job.started_at)
    return [
      {
        range: start === null || end === null ? undefined : { start, end },
        busyMs: job.execution_time_ms,
        tookMs: Math.max(0, lastedMs - job.rested_ms),
        calls: job.calls,
      },
    ]
  })
}

/** Jobs of a connection that come before another. */
export interface Line {
  readonly connectorId: string
  /** Waiting jobs, including those that wait for their platform. */
  readonly ahead: number
  readonly running: number
}

export async function lineOf(
  { db }: Store,
  { turn_at }: { readonly turn_at: string },
): Promise<readonly Line[]> {
  const { rows } = await sql<{ connector_id: string; ahead: number; running: number }>`
    SELECT connector_id, CAST(sum(CASE WHEN status = 'running' THEN 0 ELSE 1 END) AS INTEGER) AS ahead,
      CAST(sum(CASE WHEN status = 'running' THEN 1 ELSE 0 END) AS INTEGER) AS running
    FROM fetch_jobs
    WHERE (status IN ('queued', 'deferred') AND turn_at < ${turn_at}) OR status = 'running'
    GROUP BY connector_id`.execute(db)
  return rows.map(({ connector_id, ahead, running }) => ({ connectorId: connector_id, ahead, running }))
}
