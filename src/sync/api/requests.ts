import { z } from '@hono/zod-openapi'
import { check, ok, type Route, readJson } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { findConnection, isId, notFound } from '../connections.ts'
import { checkRange } from '../jobs/index.ts'
import { cancel, enqueue, type NewRequest, placeOf, QUEUE_PRIORITIES, waitingOf } from '../queue/index.ts'
import { REQUEST_STATUSES } from '../store/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { infoOf, reportTypesOf, specOf } from '../work/index.ts'
import { Id, idOf } from './connectors.ts'
import { isStale, type RequestRow, rateLimitOf, STALE, waitMessage } from './views.ts'

const Day = z
  .string()
  .refine(
    (text) =>
      /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true,
    'must be a date, as in 2026-11-01',
  )
const Fetch = z.strictObject({
  connector_id: z.string().max(64),
  report_type: z.string().min(1).max(100),
  date_range: z.strictObject({ start: Day, end: Day }).optional(),
  fields: z.array(z.string().min(1).max(100)).min(1).max(200).optional(),
  priority: z.enum(['high', 'normal', 'backfill']).default('normal'),
})
const Page = z.object({
  status: z.enum(REQUEST_STATUSES).optional(),
  connector_id: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.iso.datetime().optional(),
})
const answer = (description: string, schema: z.ZodType = z.looseObject({})) => ({
  200: { description, schema },
})

/** A request of the organisation; another's is as unknown as none. */
export async function findRequest({ store }: Sync, orgId: number, id: string): Promise<RequestRow> {
  const row = isId(id)
    ? await store.db
        .selectFrom('connector_requests')
        .selectAll()
        .where('id', '=', id)
        .where('org_id', '=', orgId)
        .executeTakeFirst()
    : undefined
  if (!row) throw notFound('request', id)
  return row
}

/** Asking for data, and what becomes of it. */
export function requestRoutes(sync: Sync): Route[] {
  const { store, clock } = sync
  return [
    {
      method: 'post',
      path: '/api/v1/connectors/fetch',
      summary: 'Ask for a report; it is read when its turn comes',
      scope: 'read',
      body: Fetch.openapi('Fetch'),
      answers: answer('Where the request stands'),
      refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'not_found', 'forbidden'],
      async handle(c, { org, may }) {
        const body = await readJson(c, Fetch)
        if (body.priority === 'high' && !may('premium'))
          throw new AppError('forbidden', 'The API key lacks the scope premium')
        const wanted = await checkedFetch(sync, org, body, may('premium'))
        const { requestId, jobId, batchedWith } = await enqueue(store, clock, wanted)
        sync.worker.nudge()
        return ok({
          request_id: requestId,
          status: 'queued',
          ...(await standing(sync, org, wanted.connectorId, jobId)),
          batched_with: batchedWith,
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/connectors/requests',
      summary: 'Requests of the organisation, newest first',
      scope: 'read',
      query: Page,
      answers: answer('A page'),
      refusals: ['invalid_request'],
      async handle(c, { org }) {
        const page = check(Page, c.req.query())
        let query = store.db
          .selectFrom('connector_requests')
          .selectAll()
          .where('org_id', '=', org)
          .orderBy('created_at', 'desc')
          .limit(page.limit)
        if (page.status) query = query.where('status', '=', page.status)
        if (page.connector_id !== undefined)
          query = query.where('connector_id', '=', (await findConnection(sync, org, page.connector_id)).id)
        if (page.before !== undefined) query = query.where('created_at', '<', page.before)
        const rows = await query.execute()
        const next = rows.length === page.limit ? rows.at(-1)?.created_at : undefined
        return ok({ requests: rows.map(requestView), next_before: next ?? null })
      },
    },
    {
      method: 'get',
      path: '/api/v1/connectors/requests/{id}',
      summary: 'What became of a request',
      scope: 'read',
      params: Id,
      answers: answer('The request'),
      refusals: ['not_found'],
      handle: async (c, { org }) => ok(await requestStatus(sync, org, await findRequest(sync, org, idOf(c)))),
    },
    {
      method: 'post',
      path: '/api/v1/connectors/requests/{id}/cancel',
      summary: 'Stop a request that has not ended',
      scope: 'read',
      params: Id,
      answers: answer('The request'),
      refusals: ['not_found', 'invalid_request'],
      async handle(c, { org }) {
        const row = await findRequest(sync, org, idOf(c))
        if (!(await cancel(store, clock, row.id, row.job_id)))
          throw new AppError('invalid_request', `the request is ${row.status} already`)
        return ok(requestView(await findRequest(sync, org, row.id)))
      },
    },
    {
      method: 'post',
      path: '/api/v1/connectors/requests/{id}/retry',
      summary: 'Ask again for what failed or was cancelled',
      scope: 'read',
      params: Id,
      answers: answer('The new request'),
      refusals: ['not_found', 'invalid_request'],
      async handle(c, { org }) {
        const row = await findRequest(sync, org, idOf(c))
        if (row.status !== 'failed' && row.status !== 'cancelled')
          throw new AppError('invalid_request', `the request is ${row.status}`)
        const { date_range, fields } = JSON.parse(row.params)
        const asked = {
          connector_id: row.connector_id,
          report_type: row.request_type,
          date_range,
          fields,
          priority: 'normal',
        } as const
        const wanted = { ...(await checkedFetch(sync, org, asked, false)), priority: QUEUE_PRIORITIES.retry }
        const { requestId, jobId, batchedWith } = await enqueue(store, clock, wanted)
        sync.worker.nudge()
        return ok({
          request_id: requestId,
          status: 'queued',
          ...(await standing(sync, org, wanted.connectorId, jobId)),
          batched_with: batchedWith,
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/connectors/queue',
      summary: 'The queue, and where the organisation stands in it',
      scope: 'read',
      answers: answer('The queue'),
      refusals: [],
      async handle(_, { org }) {
        const { total, own } = await waitingOf(store, org)
        const places = await Promise.all(own.map((jobId) => placeOf(store, jobId, sync.maxConcurrent)))
        const connectors = await store.db
          .selectFrom('connectors')
          .selectAll()
          .where('org_id', '=', org)
          .execute()
        const limits = connectors.map((row) => [row.type, rateLimitOf(sync, row)] as const)
        return ok({
          queue_status: {
            total_queued: total,
            your_requests: own.length,
            positions: places.map(({ position }) => position),
            estimated_wait_seconds: Math.ceil(Math.max(0, ...places.map(({ waitMs }) => waitMs)) / 1000),
          },
          rate_limits: tightestOf(limits),
        })
      },
    },
    {
      method: 'get',
      path: '/api/v1/connectors/dead-letters',
      summary: 'Synchronisations that were given up, newest first',
      scope: 'read',
      answers: answer('The last 200'),
      refusals: [],
      async handle(_, { org }) {
        const rows = await store.db
          .selectFrom('dead_letters')
          .selectAll()
          .where('org_id', '=', org)
          .orderBy('created_at', 'desc')
          .limit(200)
          .execute()
        return ok({ dead_letters: rows })
      },
    },
  ]
}

/** Per platform the account with least room. */
function tightestOf(limits: readonly (readonly [string, ReturnType<typeof rateLimitOf>])[]) {
  const tightest: Record<string, Omit<ReturnType<typeof rateLimitOf>, 'current'>> = {}
  for (const [type, { limit, remaining, reset_at }] of limits) {
    const known = tightest[type]
    if (!known || remaining < known.remaining) tightest[type] = { limit, remaining, reset_at }
  }
  return tightest
}

async function checkedFetch(
  sync: Sync,
  orgId: number,
  body: z.output<typeof Fetch>,
  premium: boolean,
): Promise<NewRequest> {
  const row = await findConnection(sync, orgId, body.connector_id)
  const connector = connectorFor(sync, row.type)
  const wrong = (field: string, problem: string) =>
    new AppError('invalid_request', `${field}: ${problem}`, 'never', { field })
  const spec = specOf(connector, body.report_type)
  if (!spec) throw wrong('report_type', `${connector.type} has ${reportTypesOf(connector).join(', ')}`)
  if (row.status !== 'connected')
    throw wrong('connector_id', infoOf(row).message ?? `the account is ${row.status}`)
  const unknown = body.fields?.find((field) => !spec.fields.includes(field) && !spec.key.includes(field))
  if (unknown !== undefined) throw wrong('fields', `${unknown} is none of ${spec.fields.join(', ')}`)
  if (spec.dated && !body.date_range) throw wrong('date_range', 'is needed for this report')
  if (!spec.dated && body.date_range) throw wrong('date_range', 'this report is not over dates')
  if (body.date_range) checkRange(spec, body.date_range, sync.clock.nowMs(), infoOf(row).timezone)
  const manual = premium ? QUEUE_PRIORITIES.premium : QUEUE_PRIORITIES.manual
  return {
    connectorId: row.id,
    orgId,
    reportType: body.report_type,
    range: body.date_range,
    fields: body.fields ?? spec.fields,
    priority: body.priority === 'backfill' ? QUEUE_PRIORITIES.backfill : manual,
    syncJobId: undefined,
    maxDays: spec.maxDays,
  }
}

async function standing(sync: Sync, orgId: number, connectorId: string, jobId: string) {
  const { position, waitMs } = await placeOf(sync.store, jobId, sync.maxConcurrent)
  const row = await findConnection(sync, orgId, connectorId)
  const { current, limit, reset_at } = rateLimitOf(sync, row)
  return {
    queue_position: position,
    estimated_wait_seconds: Math.ceil(waitMs / 1000),
    rate_limit_status: { current, limit, reset_at },
    ...(isStale(sync, row) && { stale: true, message: STALE }),
  }
}

const requestView = (row: RequestRow) => ({
  request_id: row.id,
  connector_id: row.connector_id,
  report_type: row.request_type,
  ...JSON.parse(row.params),
  status: row.status,
  batched_with: JSON.parse(row.batched_with),
  ...(row.result !== null && { result: JSON.parse(row.result) }),
  ...(row.error !== null && { error: row.error }),
  execution_time_ms: row.execution_time_ms,
  cost: row.cost,
  created_at: row.created_at,
  started_at: row.started_at,
  completed_at: row.completed_at,
})

async function requestStatus(sync: Sync, orgId: number, row: RequestRow) {
  const view = requestView(row)
  if (row.status !== 'queued' && row.status !== 'running')
    return { ...view, progress: row.status === 'completed' ? 100 : 0 }
  const { store, clock } = sync
  const job = await store.db
    .selectFrom('fetch_jobs')
    .selectAll()
    .where('id', '=', row.job_id)
    .executeTakeFirstOrThrow()
  const connector = await findConnection(sync, orgId, row.connector_id)
  const { position, waitMs } = await placeOf(store, row.job_id, sync.maxConcurrent)
  const heldMs = job.status === 'deferred' ? Math.max(0, Date.parse(job.not_before) - clock.nowMs()) : 0
  const stale = isStale(sync, connector) || job.waits_for === 'recovery'
  const message = stale ? STALE : job.waits_for === 'rate_limit' ? waitMessage(heldMs) : undefined
  const last = stale ? await lastGood(sync, row) : undefined
  return {
    ...view,
    progress: Math.round(job.progress * 100),
    queue_position: position,
    estimated_wait_seconds: Math.ceil(Math.max(waitMs, heldMs) / 1000),
    ...(message !== undefined && { message }),
    ...(stale && { stale: true }),
    ...(last && { result: last }),
  }
}

/** What the last request that succeeded for the same report got. */
async function lastGood({ store }: Sync, row: RequestRow): Promise<object | undefined> {
  const last = await store.db
    .selectFrom('connector_requests')
    .select('result')
    .where('connector_id', '=', row.connector_id)
    .where('request_type', '=', row.request_type)
    .where('status', '=', 'completed')
    .orderBy('completed_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last?.result == null ? undefined : JSON.parse(last.result)
}
