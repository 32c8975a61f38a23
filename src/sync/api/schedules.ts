import { z } from '@hono/zod-openapi'
import {
  ok,
  Reason,
  ReasonQuery,
  type Route,
  readJson,
  reasonOf,
  TimeZone,
  WRONG_BODY,
} from '../../api/index.ts'
import { isoTime } from '../../time/clock.ts'
import { findConnection } from '../connections.ts'
import { nextRunMs } from '../jobs/index.ts'
import type { ConnectorRow } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { answer, Id, idOf } from './route-parts.ts'

const ScheduleBody = z
  .strictObject({
    cron: z.string().min(1).max(100).nullable(),
    timezone: TimeZone.default('UTC'),
    reason: Reason.optional(),
  })
  .openapi('Schedule')
const Schedule = z.object({
  connector_id: z.string(),
  cron: z.string(),
  timezone: z.string(),
  next_at: z.string(),
})
const NoSchedule = z.object({ connector_id: z.string(), cron: z.null() })

/** Routes that show and set when connections are read by themselves. */
export function scheduleRoutes(sync: Sync): Route[] {
  return [listSchedules(sync), showSchedule(sync), setSchedule(sync)]
}

function listSchedules(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/schedules',
    summary: 'Which connections are read on a schedule, and when next',
    scope: 'read',
    answers: answer('All schedules', z.object({ schedules: z.array(Schedule) })),
    refusals: [],
    async handle(_, { org }) {
      const schedules = await schedulesOf(sync, org).orderBy('next_at').execute()
      return ok({ schedules })
    },
  }
}

function showSchedule(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/{id}/schedule',
    summary: 'When the connection is read by itself; null where it is not',
    scope: 'read',
    params: Id,
    answers: answer('The schedule', z.union([Schedule, NoSchedule])),
    refusals: ['not_found'],
    async handle(c, { org }) {
      const { id } = await findConnection(sync, org, idOf(c))
      const found = await schedulesOf(sync, org).where('connector_id', '=', id).executeTakeFirst()
      return ok(found ?? { connector_id: id, cron: null })
    },
  }
}

function setSchedule(sync: Sync): Route {
  return {
    method: 'put',
    path: '/api/v1/connectors/{id}/schedule',
    summary: 'Read on a schedule; null ends it',
    scope: 'connect',
    params: Id,
    query: ReasonQuery,
    body: ScheduleBody,
    example: { cron: '0 6 * * *', timezone: 'Europe/Berlin' },
    answers: answer('The schedule', z.union([Schedule, NoSchedule])),
    refusals: [...WRONG_BODY, 'not_found', 'records_unavailable'],
    async handle(c, caller) {
      const row = await findConnection(sync, caller.org, idOf(c))
      const { cron, timezone, reason } = await readJson(c, ScheduleBody)
      const nextAt = cron === null ? '' : isoTime(nextRunMs({ cron, timezone }, sync.clock.nowMs()))
      const next = cron === null ? undefined : { cron, timezone, next_at: nextAt }
      const before = await sync.store.db
        .selectFrom('schedules')
        .select(['cron', 'timezone'])
        .where('connector_id', '=', row.id)
        .executeTakeFirst()
      const change = {
        action: 'connector.schedule_set',
        target: row.id,
        values: () => ({ from: before ?? null, to: next ? { cron, timezone } : null }),
        reason: reasonOf(c, reason),
        lowersRisk: next === undefined,
      } as const
      return sync.audit.record(caller, change, async () => ok(await storeSchedule(sync, row, next)))
    },
  }
}

const schedulesOf = ({ store }: Sync, org: number) =>
  store.db
    .selectFrom('schedules')
    .select(['connector_id', 'cron', 'timezone', 'next_at'])
    .where('org_id', '=', org)

async function storeSchedule(
  { store }: Sync,
  { id, org_id }: ConnectorRow,
  next: { readonly cron: string; readonly timezone: string; readonly next_at: string } | undefined,
): Promise<object> {
  if (next === undefined) {
    await store.db.deleteFrom('schedules').where('connector_id', '=', id).execute()
    return { connector_id: id, cron: null }
  }
  await store.db
    .insertInto('schedules')
    .values({ connector_id: id, org_id, ...next })
    .onConflict((conflict) => conflict.column('connector_id').doUpdateSet(next))
    .execute()
  return { connector_id: id, ...next }
}
