import { z } from '@hono/zod-openapi'
import { check, ok, type Route, readJson, WRONG_BODY, wholeNumber } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import { connectionsOf, findConnection } from '../connections.ts'
import { cancel, enqueue, type NewRequest, QUEUE_PRIORITIES, waitingOf } from '../queue/index.ts'
import { REQUEST_STATUSES } from '../store/index.ts'
import type { Sync } from '../sync.ts'
import { waitOf } from '../waits.ts'
import { checkedFetch, Fetch } from './checked-fetch.ts'
import { Asked, DeadLetter, Queue, Request, RequestProgress } from './request-bodies.ts'
import { ageSeconds, findRequest, queueStatus, requestStatus, requestView } from './request-status.ts'
import { answer, Id, idOf } from './route-parts.ts'
import { rateLimitOf } from './views.ts'

const Page = z.object({
  status: z.enum(REQUEST_STATUSES).optional(),
  connector_id: z.string().max(64).optional(),
  limit: wholeNumber(1, 200).default(50),
  before: z.iso.datetime().optional(),
})

/** Routes that request data and show what became of the requests. */
export function requestRoutes(sync: Sync): Route[] {
  return [
    requestReport(sync),
    listRequests(sync),
    showRequest(sync),
    cancelRequest(sync),
    retryRequest(sync),
    showQueue(sync),
    listDeadLetters(sync),
  ]
}

function requestReport(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/fetch',
    summary: 'Ask for a report; it is read when its turn comes',
    scope: 'read',
    body: Fetch.openapi('Fetch'),
    example: {
      connector_id: '3f0c5a52-6a7e-4d6c-9b0f-0d7c1f1c2b3a',
      report_type: 'campaign_performance',
      date_range: { start: '2026-11-01', end: '2026-11-07' },
      fields: ['impressions', 'clicks', 'spend'],
    },
    answers: answer('Where the request stands', Asked),
    refusals: [...WRONG_BODY, 'not_found', 'forbidden'],
    async handle(c, { org, may }) {
      const body = await readJson(c, Fetch)
      if (body.priority === 'high' && !may('premium'))
        throw new AppError('forbidden', 'The API key lacks the scope premium')
      const wanted = await checkedFetch(sync, org, body, may('premium'))
      return ok(await asked(sync, wanted))
    },
  }
}

function listRequests(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/requests',
    summary: 'Requests of the organisation, newest first',
    scope: 'read',
    query: Page,
    answers: answer('A page', z.object({ requests: z.array(Request), next_before: z.string().nullable() })),
    refusals: ['invalid_request'],
    async handle(c, { org }) {
      const page = check(Page, c.req.query())
      let query = sync.store.db
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
  }
}

function showRequest(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/requests/{id}',
    summary: 'What became of a request',
    scope: 'read',
    params: Id,
    answers: answer('The request', RequestProgress),
    refusals: ['not_found'],
    handle: async (c, { org }) => ok(await requestStatus(sync, org, await findRequest(sync, org, idOf(c)))),
  }
}

function cancelRequest(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/requests/{id}/cancel',
    summary: 'Stop a request that has not ended',
    scope: 'read',
    params: Id,
    answers: answer('The request', Request),
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org }) {
      const row = await findRequest(sync, org, idOf(c))
      if (!(await cancel(sync.store, sync.clock, row.id, row.job_id)))
        throw new AppError('invalid_request', `the request is ${row.status} already`)
      sync.jobRunner.nudge()
      return ok(requestView(await findRequest(sync, org, row.id)))
    },
  }
}

function retryRequest(sync: Sync): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/requests/{id}/retry',
    summary: 'Ask again for what failed or was cancelled',
    scope: 'read',
    params: Id,
    answers: answer('The new request', Asked),
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org }) {
      const row = await findRequest(sync, org, idOf(c))
      if (row.status !== 'failed' && row.status !== 'cancelled')
        throw new AppError('invalid_request', `the request is ${row.status}`)
      const { date_range, fields } = parseJson(row.params)
      const again = {
        connector_id: row.connector_id,
        report_type: row.request_type,
        date_range,
        fields,
        priority: 'normal',
        fresh: false,
      } as const
      const wanted = { ...(await checkedFetch(sync, org, again, false)), priority: QUEUE_PRIORITIES.retry }
      return ok(await asked(sync, wanted))
    },
  }
}

function showQueue(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/queue',
    summary: 'The queue, and where the organisation stands in it',
    scope: 'read',
    answers: answer('The queue', Queue),
    refusals: [],
    async handle(_, { org }) {
      const { total, own, places } = await waitingOf(sync.store, org)
      const last = places.at(-1)
      const wait = last && (await waitOf(sync, last.jobId))
      const connections = await connectionsOf(sync, org)
      const limits = connections.map((row) => [row.type, rateLimitOf(sync, row)] as const)
      return ok({
        queue_status: {
          total_queued: total,
          your_requests: own,
          positions: places.map(({ position }) => position),
          estimated_wait_seconds: Math.ceil((wait?.waitMs ?? 0) / 1000),
        },
        rate_limits: tightestOf(limits),
      })
    },
  }
}

function listDeadLetters(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/dead-letters',
    summary: 'Synchronisations that were given up, newest first',
    scope: 'read',
    answers: answer('The last 200', z.object({ dead_letters: z.array(DeadLetter) })),
    refusals: [],
    async handle(_, { org }) {
      const rows = await sync.store.db
        .selectFrom('dead_letters')
        .selectAll()
        .where('org_id', '=', org)
        .orderBy('created_at', 'desc')
        .limit(200)
        .execute()
      return ok({ dead_letters: rows })
    },
  }
}

/** Stores a request and returns its status. */
async function asked(sync: Sync, wanted: NewRequest): Promise<object> {
  const { requestId, jobId, status, batchedWith, rowsReadAt } = await enqueue(sync.store, sync.clock, wanted)
  sync.jobRunner.nudge()
  return {
    request_id: requestId,
    status,
    ...(await queueStatus(sync, wanted.orgId, wanted.connectorId, jobId)),
    merged: batchedWith.length > 0,
    batched_with: batchedWith,
    rows_age_seconds: ageSeconds(sync, rowsReadAt),
  }
}

/** For each platform, the limit of the account with the least room. */
function tightestOf(limits: readonly (readonly [string, ReturnType<typeof rateLimitOf>])[]) {
  const tightest: Record<string, Omit<ReturnType<typeof rateLimitOf>, 'current'>> = {}
  for (const [type, { limit, remaining, reset_at }] of limits) {
    const known = tightest[type]
    if (!known || remaining < known.remaining) tightest[type] = { limit, remaining, reset_at }
  }
  return tightest
}
