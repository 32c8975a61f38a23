import { z } from '@hono/zod-openapi'
import { describeFields, ownReport } from '../../connectors/index.ts'
import { invalidField } from '../../errors.ts'
import { findConnection } from '../connections.ts'
import { checkRange } from '../jobs/index.ts'
import { type NewRequest, QUEUE_PRIORITIES } from '../queue/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { requireQueuePlace } from '../table-limits.ts'
import { infoOf, noReport, reportTypesOf, specOf } from '../work/index.ts'

const Day = z
  .string()
  .refine(
    (text) =>
      /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true,
    'must be a date, as in 2026-11-01',
  )
export const Fetch = z.strictObject({
  connector_id: z.string().max(64),
  report_type: z.string().min(1).max(100),
  date_range: z.strictObject({ start: Day, end: Day }).optional(),
  fields: z.array(z.string().min(1).max(100)).min(1).max(200).optional(),
  priority: z.enum(['high', 'normal', 'backfill']).default('normal'),
  fresh: z.boolean().default(false).openapi({
    description:
      'Read from the platform, whatever was read a moment ago. Without it, a reading of the last five minutes that brings all that is asked for serves this as well',
  }),
})
/**
 * Checks a request and completes it, so that its platform can be asked. Throws 404 for an unknown connection, 400 with
 * the wrong field, and 429 while too many requests wait.
 */
export async function checkedFetch(
  sync: Sync,
  orgId: number,
  body: z.output<typeof Fetch>,
  premium: boolean,
): Promise<NewRequest> {
  const row = await findConnection(sync, orgId, body.connector_id)
  await requireQueuePlace(sync.store.db, orgId, sync.tableLimits)
  const connector = connectorFor(sync, row.type)
  const reports = reportTypesOf(connector)
  const reportType = ownReport(reports, body.report_type)
  const spec = reportType === undefined ? undefined : specOf(connector, reportType)
  if (reportType === undefined || !spec)
    throw invalidField('report_type', noReport(connector, body.report_type))
  if (row.status !== 'connected')
    throw invalidField('connector_id', infoOf(row).message ?? `the account is ${row.status}`)
  const fields = describeFields(spec).map(({ name }) => name)
  const unknown = body.fields?.find((field) => !fields.includes(field))
  if (unknown !== undefined)
    throw invalidField('fields', `${reportType} has no field ${unknown}; it has ${fields.join(', ')}`)
  if (spec.dated && !body.date_range) throw invalidField('date_range', 'is needed for this report')
  if (!spec.dated && body.date_range) throw invalidField('date_range', 'this report is not over dates')
  if (body.date_range) checkRange(spec, body.date_range, sync.clock.nowMs(), infoOf(row).timezone)
  const manual = premium ? QUEUE_PRIORITIES.premium : QUEUE_PRIORITIES.manual
  return {
    connectorId: row.id,
    orgId,
    reportType,
    range: body.date_range,
    fields: body.fields ?? spec.fields,
    priority: body.priority === 'backfill' ? QUEUE_PRIORITIES.backfill : manual,
    syncJobId: undefined,
    maxDays: spec.maxDays,
    fresh: body.fresh,
  }
}
