import { z } from '@hono/zod-openapi'
import { check, LISTED_PER_CALL, ok, type Route, TimeMs, wholeNumber } from '../../api/index.ts'
import { type Micros, toUnits } from '../../money.ts'
import { isoTime } from '../../time/clock.ts'
import { EventNameText } from '../canonical-event.ts'
import type { Conversions } from '../parts.ts'
import {
  BID_SOURCES,
  ROAS_BY,
  roasOf,
  WORTH_CAVEATS,
  type WorthFigures,
  type WorthRow,
} from '../worth/index.ts'

const DAY_MS = 86_400_000
/** The longest time span, and the one if none is named, in days. */
const MOST_DAYS = 366
const USUAL_DAYS = 7
/** The most event names of one query. */
const MOST_NAMES = 20

/** How many calls an answer counts as, besides its rows: it adds up many bids and conversions. */
const COST = 10

const Names = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
  .pipe(z.array(EventNameText).min(1).max(MOST_NAMES))
  .openapi({ type: 'string', example: 'purchase,subscribe' })

const Query = z.object({
  by: z.enum(ROAS_BY).default('platform'),
  from: TimeMs.optional().openapi({
    description: 'Bids decided not before; left out, `days` before `to`.',
  }),
  days: wholeNumber(1, MOST_DAYS).default(USUAL_DAYS).openapi({
    description: 'How far back, in days, where `from` is left out.',
  }),
  to: TimeMs.optional().openapi({ description: 'Bids decided before; left out, now.' }),
  event_names: Names.default(['purchase']).openapi({
    description:
      'Events whose values count, separated by commas. The value of a cart and of its purchase are the same money, so only purchases count where none is named.',
  }),
  limit: wholeNumber(1, 1_000).default(100),
  after: z.string().max(200).optional().openapi({ description: '`nextAfter` of the page before.' }),
})

const money = (what: string) =>
  z
    .record(z.string(), z.number())
    .nullable()
    .openapi({
      description: `${what}, in units, by currency; null where it is not known whole.`,
      example: { USD: 120 },
    })

const Caveat = z.object({ code: z.enum(WORTH_CAVEATS), detail: z.string() })
const figures = {
  bids: z.int().openapi({ description: 'Bids that spent money.' }),
  conversions: z.int().openapi({ description: 'Conversions that these bids bought.' }),
  spend: money('What bids spent; what has no certain outcome counts as spent'),
  value: money('What conversions are worth'),
  ratio: z.number().nullable().openapi({
    description:
      'Value for each unit of spend; null where one is not known, or they are in different currencies.',
  }),
  caveats: z.array(Caveat).openapi({ description: 'What the figures lack, and why one is null.' }),
}
const RoasFigures = z.object(figures).openapi('RoasFigures')
const bySource = z.object({ ai: RoasFigures, fallback: RoasFigures }).openapi({
  description: 'Bids by predictions, and by the history of values where no prediction could be had.',
})
const RoasRow = z
  .object({
    platform: z.string().optional(),
    campaignId: z.string().optional(),
    source: z.enum([...BID_SOURCES, 'unknown']).optional(),
    ...figures,
    bySource,
  })
  .openapi('RoasRow')

const count = (description: string) => z.int().openapi({ description })
const Answer = z.object({
  from: z.string(),
  to: z.string(),
  by: z.enum(ROAS_BY),
  eventNames: z.array(z.string()),
  rows: z.array(RoasRow),
  total: z
    .object({ ...figures, bySource })
    .openapi({ description: 'Of all rows, also those of other pages.' }),
  unjoined: z
    .object({
      withoutBid: count('They name no `bid_id`.'),
      unknownBid: count('No decision of their `bid_id` is kept.'),
      bidWithoutSpend: count('Their bid bought nothing: it was refused, or was a dry run.'),
      notJoinedYet: count('Their bid is not looked up yet, or has not ended.'),
    })
    .nullable()
    .openapi({
      description:
        'Conversions that happened in this time and are in no row; null where there are more than 100,000.',
    }),
  caveats: z
    .array(z.object({ code: z.literal('exchange_bids_left_out'), detail: z.string() }))
    .openapi({ description: 'What is in no row and in no total.' }),
  nextAfter: z.string().nullable(),
})

/** Auctions are not recorded one by one, so nobody can say which of their bids fell into a time span. */
const EXCHANGES = {
  code: 'exchange_bids_left_out',
  detail:
    'bids at exchanges (OpenRTB) and conversions that they brought are in no row; GET /v1/budgets says what campaigns have spent',
} as const

/** The route that shows what bids spent and what it was worth. */
export const roasRoutes = (conversions: Conversions): Route[] => [
  {
    method: 'get',
    path: '/v1/roas',
    summary:
      'Return on ad spend: what bids spent, and what the conversions are worth that name them; a conversion counts at the time of its bid',
    scope: 'read',
    query: Query,
    answers: { 200: { description: 'Rows by key; bids at exchanges are not among them', schema: Answer } },
    refusals: ['invalid_request', 'records_unavailable'],
    async handle(c, { org, charge }) {
      const { by, from, to, days, event_names: eventNames, limit, after } = check(Query, c.req.query())
      charge(COST + limit / LISTED_PER_CALL)
      const toMs = to ?? conversions.clock.nowMs()
      const fromMs = from ?? toMs - days * DAY_MS
      check(Span, { from: fromMs, to: toMs })
      const { rows, total, unjoined } = await roasOf(conversions, org, { by, fromMs, toMs, eventNames })
      const left = after === undefined ? rows : rows.filter(({ key }) => key > after)
      const page = left.slice(0, limit)
      return ok({
        from: isoTime(fromMs),
        to: isoTime(toMs),
        by,
        eventNames,
        rows: page.map(({ row }) => shownRow(row)),
        total: shownRow(total),
        unjoined: unjoined && {
          withoutBid: unjoined.no_bid,
          unknownBid: unjoined.unknown_bid,
          bidWithoutSpend: unjoined.no_spend,
          notJoinedYet: unjoined.waiting,
        },
        caveats: [EXCHANGES],
        nextAfter: left.length > limit ? (page.at(-1)?.key ?? null) : null,
      })
    },
  },
]

const Span = z
  .object({ from: z.number(), to: z.number() })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after `from`' })
  .refine(({ from, to }) => to - from <= MOST_DAYS * DAY_MS, {
    path: ['from'],
    message: `must be at most ${MOST_DAYS} days before \`to\``,
  })

const shownRow = ({ platform, campaignId, source, bySource: { ai, fallback }, ...row }: WorthRow) => ({
  ...(platform !== undefined && { platform }),
  ...(campaignId !== undefined && { campaignId }),
  ...(source !== undefined && { source: source ?? 'unknown' }),
  ...shownFigures(row),
  bySource: { ai: shownFigures(ai), fallback: shownFigures(fallback) },
})

const shownFigures = ({ spend, value, ...rest }: WorthFigures) => ({
  ...rest,
  spend: unitsOf(spend),
  value: unitsOf(value),
})

const unitsOf = (sums: ReadonlyMap<string, number> | null): Record<string, number> | null =>
  sums &&
  Object.fromEntries([...sums].sort().map(([currency, micros]) => [currency, toUnits(micros as Micros)]))
