import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route, wholeNumber } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { isoTime } from '../time/clock.ts'
import { NOTIFICATION_STATUSES, type Notification } from './notification.ts'
import type { Notifications } from './notifications.ts'

const ListQuery = z.object({
  status: z.enum(NOTIFICATION_STATUSES).optional(),
  limit: wholeNumber(1, 1_000).default(100),
  cursor: wholeNumber(0).optional().openapi({ description: '`next` of the page before.' }),
})
const Body = z
  .object({
    id: z.string().openapi({ description: 'What the header `webhook-id` says, at every try.' }),
    type: z.string().openapi({ example: 'budget_near' }),
    subject: z.string(),
    at: z.string(),
    status: z.enum(NOTIFICATION_STATUSES),
    attempts: z.int().openapi({ description: 'Tries since it was new, or was sent again.' }),
    nextAttemptAt: z.string().optional(),
    error: z.string().optional().openapi({ description: 'Why the latest try failed.' }),
  })
  .openapi('Notification')
const Page = z.object({
  notifications: z.array(Body),
  next: z.int().optional().openapi({ description: 'Cursor of the next page; missing on the last.' }),
})
const Id = z.object({ id: z.string().max(64) })

/** Routes that list the notifications, delivered or not, and send one again. */
export function notificationRoutes(notifications: Notifications): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/notifications',
      summary: 'What was told to NOTIFY_URL and what waits for it, the newest first',
      scope: 'read',
      isOperators: true,
      query: ListQuery,
      answers: { 200: { description: 'A page of notifications', schema: Page } },
      refusals: ['invalid_request'],
      handle: (c) => ok(pageOf(notifications.list(), check(ListQuery, c.req.query()))),
    },
    {
      method: 'post',
      path: '/v1/notifications/{id}/replay',
      summary: 'Send a notification again, under its own id',
      scope: 'operate',
      isOperators: true,
      params: Id,
      answers: { 200: { description: 'The notification now', schema: Body } },
      refusals: ['invalid_request', 'not_found'],
      handle: (c) => replay(notifications, c),
    },
  ]
}

async function replay(notifications: Notifications, c: Ctx) {
  if (!notifications.isOn)
    throw new AppError('invalid_request', 'NOTIFY_URL is not set, so no notification can be sent')
  const { id } = check(Id, { id: c.req.param('id') })
  const again = await notifications.replay(id)
  if (!again) throw new AppError('not_found', `There is no notification ${id}`)
  return ok(bodyOf(again))
}

function pageOf(all: readonly Notification[], { status, limit, cursor }: z.output<typeof ListQuery>) {
  const before = cursor ?? Number.POSITIVE_INFINITY
  const wanted = all.filter((one) => one.number < before && (status === undefined || one.status === status))
  const page = wanted.slice(0, limit)
  const last = page.at(-1)
  return {
    notifications: page.map(bodyOf),
    ...(last && wanted.length > limit && { next: last.number }),
  }
}

function bodyOf({ id, kind, subject, atMs, status, attempts, nextMs, error }: Notification) {
  return {
    ...{ id, type: kind, subject, at: isoTime(atMs), status, attempts },
    ...(status === 'waiting' && { nextAttemptAt: isoTime(nextMs) }),
    ...(error !== undefined && { error }),
  } satisfies z.output<typeof Body>
}
