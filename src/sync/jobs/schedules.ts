import { Cron } from 'croner'
import { invalidField, messageOf } from '../../errors.ts'
import { isoTime } from '../../time/clock.ts'
import { QUEUE_PRIORITIES } from '../queue/index.ts'
import { type SyncDeps, startSynchronisation } from './sync-jobs.ts'

export interface CronSchedule {
  /** Cron expression with five fields, or six with seconds. */
  readonly cron: string
  /** IANA zone. */
  readonly timezone: string
}

/** Shortest time between two runs, in milliseconds. */
const SHORTEST_MS = 60_000

/**
 * Next run of a schedule, in wall clock milliseconds. Throws 400 for an impossible schedule or one that would run too
 * often.
 */
export function nextRunMs({ cron, timezone }: CronSchedule, afterMs: number): number {
  const wrong = (problem: string) => invalidField('cron', problem)
  let runs: Date[]
  try {
    const after = new Date(afterMs)
    runs = new Cron(cron, { timezone, paused: true }).nextRuns(2, after)
  } catch (error) {
    throw wrong(messageOf(error))
  }
  const [first, second] = runs
  if (!first) throw wrong('never comes')
  if (second && second.getTime() - first.getTime() < SHORTEST_MS) throw wrong('may run once a minute at most')
  return first.getTime()
}

/** Starts the synchronisations that are due. One that was missed while no process ran is started once. */
export async function runSchedules(deps: SyncDeps): Promise<number> {
  const { store, clock } = deps
  const nowMs = clock.nowMs()
  const due = await store.db
    .selectFrom('schedules')
    .innerJoin('connectors', 'connectors.id', 'schedules.connector_id')
    .select(['connector_id', 'cron', 'timezone', 'next_at', 'connectors.status'])
    .where('next_at', '<=', isoTime(nowMs))
    .limit(100)
    .execute()
  let started = 0
  for (const { connector_id, cron, timezone, next_at, status } of due) {
    // The process that sets the next run first starts it.
    const { numUpdatedRows } = await store.db
      .updateTable('schedules')
      .set({ next_at: isoTime(nextRunMs({ cron, timezone }, nowMs)) })
      .where('connector_id', '=', connector_id)
      .where('next_at', '=', next_at)
      .executeTakeFirst()
    if (numUpdatedRows === 0n || status !== 'connected') continue
    await startSynchronisation(deps, connector_id, 'scheduled', QUEUE_PRIORITIES.scheduled)
    started += 1
  }
  return started
}
