import { z } from '@hono/zod-openapi'
import { REQUEST_STATUSES } from '../store/index.ts'

const Day = z.string().describe('A date, as in 2026-11-01')
const Result = z.object({
  records_fetched: z.number().int(),
  size_bytes: z.number().int(),
  storage_location: z.string().nullable().describe('Null after the file was deleted to make room'),
  fetched_at: z.string(),
  watermark: Day.nullable().describe('Last date with data'),
  final_through: Day.nullable().describe('Data up to this date will not change any more'),
  caveats: z.array(z.string()),
})

/** A request for a report, as it is listed. */
export const Request = z
  .object({
    request_id: z.string(),
    connector_id: z.string(),
    report_type: z.string(),
    date_range: z.object({ start: Day, end: Day }).optional(),
    fields: z.array(z.string()),
    status: z.enum(REQUEST_STATUSES),
    merged: z.boolean(),
    batched_with: z.array(z.string()).describe('Requests that the same reading serves'),
    result: Result.optional(),
    error: z.string().optional(),
    execution_time_ms: z.number().nullable(),
    cost: z.number().nullable(),
    created_at: z.string(),
    started_at: z.string().nullable(),
    completed_at: z.string().nullable(),
  })
  .openapi('ReportRequest')

const waiting = {
  queue_position: z.number().int().describe('1 is next; 0 once it has begun'),
  estimated_wait_seconds: z.number().int(),
}
const notice = {
  stale: z.boolean().optional().describe('The platform fails; what was read before is answered'),
  message: z.string().optional().describe('What it waits for'),
}
const ageSeconds = z.number().int().nullable().describe('Seconds since the rows were read')

/** A request with what it waits for; once it has ended, with the age of its rows. */
export const RequestProgress = Request.extend({
  progress: z.number().int().describe('In per cent'),
  queue_position: waiting.queue_position.optional(),
  estimated_wait_seconds: waiting.estimated_wait_seconds.optional(),
  ...notice,
  rows_age_seconds: ageSeconds.optional(),
}).openapi('ReportRequestStatus')

/** Answer to who asks for a report. */
export const Asked = z
  .object({
    request_id: z.string(),
    status: z.enum(REQUEST_STATUSES),
    ...waiting,
    rate_limit_status: z.object({ current: z.number(), limit: z.number(), reset_at: z.string() }),
    ...notice,
    merged: z.boolean(),
    batched_with: z.array(z.string()),
    rows_age_seconds: ageSeconds,
  })
  .openapi('AskedReport')

export const Queue = z.object({
  queue_status: z.object({
    total_queued: z.number().int(),
    your_requests: z.number().int(),
    positions: z.array(z.number().int()),
    estimated_wait_seconds: z.number().int(),
  }),
  rate_limits: z
    .record(z.string(), z.object({ limit: z.number(), remaining: z.number(), reset_at: z.string() }))
    .describe('For each platform, those of the account with the least room'),
})

export const DeadLetter = z
  .object({
    id: z.string(),
    org_id: z.number().int(),
    connector_id: z.string(),
    sync_job_id: z.string(),
    error: z.string(),
    created_at: z.string(),
  })
  .openapi('DeadLetter')
