import { z } from '@hono/zod-openapi'
import { check, LISTED_PER_CALL, ok, type Route } from '../../api/index.ts'
import { DELIVERY_STATES } from '../../sync/index.ts'
import { EventIdText, EventNameText } from '../canonical-event.ts'
import { CONVERSION_PLATFORMS } from '../conversions.ts'
import type { Conversions } from '../parts.ts'
import { type DeliveryRow, EventDeliveryLog, logOf } from './delivery-log.ts'
import { Page, pageOf } from './page.ts'

const Filter = {
  platform: z.enum(CONVERSION_PLATFORMS).optional(),
  event_name: EventNameText.optional(),
  event_id: EventIdText.optional(),
}
const Deliveries = z.object({ ...Filter, ...Page, state: z.enum(DELIVERY_STATES).optional() })
const DeadLetters = z.object({ ...Filter, ...Page })
const next = z.int().nullable().openapi({ description: 'Where the next page begins; null on the last one.' })

const count = (description: string) => z.int().openapi({ description })
const DeliveryCounts = z
  .object({
    platform: z.string(),
    waiting: count('Accepted, and not sent yet; also those that are under way.'),
    retrying: count('Sent, and to be sent again.'),
    dead: count('Given up.'),
  })
  .openapi('ConversionDeliveryCounts')

/** Lists of deliveries, and of those that were given up. */
export const deliveryRoutes = (conversions: Conversions): Route[] => [
  {
    method: 'get',
    path: '/api/v1/conversions/deliveries/counts',
    summary: 'How many deliveries have not arrived, by platform',
    scope: 'read',
    answers: {
      200: {
        description: 'Platforms where there are some',
        schema: z.object({
          counts: z.array(DeliveryCounts),
          is_whole: z.boolean().openapi({
            description: 'False where there are more of a state than are counted, 10,000: the newest are.',
          }),
        }),
      },
    },
    refusals: [],
    handle: async (_, { org }) => ok(await countsOf(conversions, org)),
  },
  {
    method: 'get',
    path: '/api/v1/conversions/deliveries',
    summary: 'What became of each event at each platform, newest first',
    scope: 'read',
    query: Deliveries,
    answers: {
      200: {
        description: 'A page',
        schema: z.object({ deliveries: z.array(EventDeliveryLog), next_before: next }),
      },
    },
    refusals: ['invalid_request'],
    async handle(c, { org, charge }) {
      const page = check(Deliveries, c.req.query())
      charge(Math.floor(page.limit / LISTED_PER_CALL))
      return pageOf('deliveries', page.limit, await rowsOf(conversions, org, page), logOf)
    },
  },
  {
    method: 'get',
    path: '/api/v1/conversions/dead-letters',
    summary: 'Deliveries that were given up, newest first, and why',
    scope: 'read',
    query: DeadLetters,
    answers: {
      200: {
        description: 'A page',
        schema: z.object({ dead_letters: z.array(EventDeliveryLog), next_before: next }),
      },
    },
    refusals: ['invalid_request'],
    async handle(c, { org, charge }) {
      const page = check(DeadLetters, c.req.query())
      charge(Math.floor(page.limit / LISTED_PER_CALL))
      const rows = await rowsOf(conversions, org, { ...page, state: 'dead' })
      return pageOf('dead_letters', page.limit, rows, logOf)
    },
  },
]

/** The most deliveries of one state that are counted: the database takes some milliseconds for so many. */
const MOST_COUNTED = 10_000
const OPEN_STATES = ['pending', 'sent', 'retrying', 'dead'] as const
type OpenState = (typeof OPEN_STATES)[number]

async function countsOf({ store }: Conversions, orgId: number) {
  const counted = await Promise.all(
    OPEN_STATES.map(async (state) => {
      const newest = store.db
        .selectFrom('conversion_deliveries')
        .select('platform')
        .where('org_id', '=', orgId)
        .where('state', '=', state)
        .orderBy('seq', 'desc')
        .limit(MOST_COUNTED)
        .as('newest')
      const rows = await store.db
        .selectFrom(newest)
        .select(({ fn }) => ['platform', fn.countAll<number | string>().as('many')])
        .groupBy('platform')
        .execute()
      return rows.map(({ platform, many }) => ({ platform, state, many: Number(many) }))
    }),
  )
  const all = counted.flat()
  const platforms = [...new Set(all.map(({ platform }) => platform))].sort()
  const sum = (platform: string, ...states: OpenState[]) =>
    all
      .filter((one) => one.platform === platform && states.includes(one.state))
      .reduce((total, { many }) => total + many, 0)
  return {
    counts: platforms.map((platform) => ({
      platform,
      waiting: sum(platform, 'pending', 'sent'),
      retrying: sum(platform, 'retrying'),
      dead: sum(platform, 'dead'),
    })),
    is_whole: counted.every((rows) => rows.reduce((total, { many }) => total + many, 0) < MOST_COUNTED),
  }
}

function rowsOf(
  { store }: Conversions,
  orgId: number,
  { platform, event_name, event_id, state, before, limit }: z.output<typeof Deliveries>,
): Promise<DeliveryRow[]> {
  let query = store.db
    .selectFrom('conversion_deliveries')
    .selectAll()
    .where('org_id', '=', orgId)
    .orderBy('seq', 'desc')
    .limit(limit)
  if (platform !== undefined) query = query.where('platform', '=', platform)
  if (event_name !== undefined) query = query.where('event_name', '=', event_name)
  if (event_id !== undefined) query = query.where('event_id', '=', event_id)
  if (state !== undefined) query = query.where('state', '=', state)
  if (before !== undefined) query = query.where('seq', '<', before)
  return query.execute()
}
