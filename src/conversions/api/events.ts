import { z } from '@hono/zod-openapi'
import { check, header, ok, type Route, readJson, WRONG_BODY } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { DELIVERY_STATES } from '../../sync/index.ts'
import { CanonicalEvent, EventIdText, EventNameText, EXAMPLE_EVENT, MAX_EVENTS } from '../canonical-event.ts'
import { acceptEvents } from '../door/index.ts'
import { timeOf } from '../outbox/index.ts'
import type { Conversions } from '../parts.ts'
import { type DeliveryRow, EventDeliveryLog, logOf } from './delivery-log.ts'

/** The longest body with events, in bytes: a thousand events of four kilobytes. */
export const MAX_EVENTS_BYTES = 4 * 1024 * 1024
/** The bytes of all requests with events that are processed at once; processing takes a few times as much memory. */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024
/** `Retry-After` of a request for which there is no room, in milliseconds. */
const NO_ROOM_MS = 1_000
/** How many events count as one more call of the caller, since they take as long as one. */
const EVENTS_PER_CALL = 10

const EventId = z.object({ id: EventIdText })
const Query = z.object({ event_name: EventNameText.optional() })

const Refused = z.object({ platform: z.string(), reason: z.string(), field: z.string() })
export const LeftOut = z
  .object({
    field: z.string(),
    reason: z.string(),
    platform: z
      .string()
      .optional()
      .openapi({ description: 'The only platform that does not get it; left out where none does.' }),
  })
  .openapi('ConversionLeftOut', {
    description:
      'What was said about the person and is not sent: to no platform, because nobody can be certain what it means, or not to one.',
  })
const Result = z
  .object({
    event_id: z.string().nullable(),
    status: z.enum(['accepted', 'duplicate', 'rejected']),
    reason: z.string().optional(),
    field: z.string().optional(),
    refused_by: z.array(Refused).optional().openapi({
      description:
        'Platforms that would refuse the event or are not connected, so that they do not get it; the others do.',
    }),
    left_out: LeftOut.array().optional(),
  })
  .openapi('ConversionResult')

const State = z
  .object({
    event_id: z.string(),
    event_name: z.string(),
    event_time: z.string(),
    bid_id: z.string().nullable(),
    deliveries: z.array(EventDeliveryLog.extend({ state: z.enum(DELIVERY_STATES) })),
  })
  .openapi('ConversionState')

/** Each event is checked separately, so that an invalid one does not refuse the others. */
const EventsBody = z.strictObject({ events: z.array(z.unknown()).min(1).max(MAX_EVENTS) })
/** As {@link EventsBody}, for the documentation. */
const EventsInput = z
  .object({ events: z.array(CanonicalEvent).min(1).max(MAX_EVENTS) })
  .openapi('ConversionEvents')

/** Routes that take events, and show what became of one. */
export const eventRoutes = (conversions: Conversions): Route[] => [
  postRoute(conversions),
  stateRoute(conversions),
]

function postRoute(conversions: Conversions): Route {
  let underWayBytes = 0
  return {
    method: 'post',
    path: '/api/v1/conversions/events',
    summary: 'Send conversions to platforms: they are checked, hashed and stored, then answered',
    scope: 'convert',
    body: EventsInput,
    example: { events: [EXAMPLE_EVENT] },
    answers: {
      200: {
        description: 'What became of each, in order',
        schema: z.object({ results: z.array(Result) }),
      },
    },
    refusals: [...WRONG_BODY],
    async handle(c, { org, charge }) {
      // A body whose length is not announced may be as long as the limit.
      const bytes = Math.min(MAX_EVENTS_BYTES, Number(header(c, 'content-length') ?? MAX_EVENTS_BYTES))
      if (underWayBytes + bytes > MAX_UNDER_WAY_BYTES)
        throw new AppError('rate_limited', 'Too many events are worked on now', { afterMs: NO_ROOM_MS })
      underWayBytes += bytes
      try {
        const { events } = await readJson(c, EventsBody, MAX_EVENTS_BYTES)
        charge(Math.floor(events.length / EVENTS_PER_CALL))
        conversions.requirePlace(org, events.length)
        const results = await acceptEvents(conversions, org, events)
        conversions.noteAccepted(org, results)
        return ok({ results })
      } finally {
        underWayBytes -= bytes
      }
    },
  }
}

function stateRoute({ store }: Conversions): Route {
  return {
    method: 'get',
    path: '/api/v1/conversions/events/{id}',
    summary: 'What became of an event, for each platform',
    scope: 'read',
    params: EventId,
    query: Query,
    answers: {
      200: {
        description: 'The events with this id: one, unless events of several names have it',
        schema: z.object({ event_id: z.string(), events: z.array(State) }),
      },
    },
    refusals: ['not_found', 'invalid_request'],
    async handle(c, { org }) {
      const { id } = check(EventId, { id: c.req.param('id') })
      const { event_name } = check(Query, c.req.query())
      let query = store.db
        .selectFrom('conversion_events')
        .selectAll()
        .where('org_id', '=', org)
        .where('event_id', '=', id)
        .orderBy('seq', 'desc')
        .limit(MAX_NAMES)
      if (event_name !== undefined) query = query.where('event_name', '=', event_name)
      const events = await query.execute()
      if (events.length === 0)
        throw new AppError(
          'not_found',
          'There is no such event; a message of WhatsApp is at /api/v1/conversions/messages/{message_id}',
        )
      const deliveries: DeliveryRow[] = await store.db
        .selectFrom('conversion_deliveries')
        .selectAll()
        .where('org_id', '=', org)
        .where('event_id', '=', id)
        .orderBy('seq')
        .execute()
      return ok({
        event_id: id,
        events: events.map((event) => ({
          event_id: id,
          event_name: event.event_name,
          event_time: timeOf(event.event_time_ms),
          bid_id: event.bid_id,
          deliveries: deliveries.filter((one) => one.event_name === event.event_name).map(logOf),
        })),
      })
    },
  }
}

/** The most events of one id that are shown. */
const MAX_NAMES = 50
