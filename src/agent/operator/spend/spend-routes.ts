import { z } from '@hono/zod-openapi'
import { type Caller, check, ok, type Route } from '../../../api/index.ts'
import { micros, toUnits } from '../../../money.ts'
import type { Scope } from '../../../shield/index.ts'
import { isoTime } from '../../../time/clock.ts'
import type { Agent } from '../../agent.ts'
import { maySee, shownName } from '../../organisations.ts'
import { scopeNamed } from '../budgets.ts'
import { MAX_FOLLOWED, type SpendHistory } from './spend-history.ts'

/** Length and number of the buckets of each period. */
const PERIODS = {
  hour: { bucketMs: 60_000, buckets: 60 },
  day: { bucketMs: 900_000, buckets: 96 },
  week: { bucketMs: 3_600_000, buckets: 168 },
} as const
const PERIOD_NAMES = ['hour', 'day', 'week'] as const
/** Most budgets in an answer without `scope`. */
const MAX_SERIES = 20

const Query = z.object({
  period: z.enum(PERIOD_NAMES).default('hour').openapi({
    description: 'The last hour by minutes, the last day by quarters of an hour, or the last week by hours.',
    example: 'day',
  }),
  scope: z.string().max(400).optional().openapi({
    description: 'One budget; without it those that several campaigns share, as far as the key may see them.',
    example: 'platform:google_ads',
  }),
})

const CAVEATS = ['not_followed', 'gaps', 'credits'] as const
const Spend = z
  .object({
    period: z.enum(PERIOD_NAMES),
    bucketSeconds: z.int(),
    from: z.string(),
    to: z.string().openapi({ description: 'Now: the last bucket is not over.' }),
    series: z.array(
      z.object({
        scope: z.string(),
        currency: z.string(),
        amounts: z.array(z.number().nullable()).openapi({
          description:
            'What was spent in each bucket, the oldest first, in units of the currency; null where nobody looked at its beginning or its end, as before the first start.',
          example: [12.5, 0, null, 3.25],
        }),
        total: z.number().nullable().openapi({
          description:
            'Spent from the beginning to now, in units of the currency; null where the beginning is not known.',
        }),
        caveats: z
          .array(z.object({ code: z.enum(CAVEATS), detail: z.string() }))
          .openapi({ description: 'What the figures lack.' }),
      }),
    ),
  })
  .openapi('SpendOverTime', {
    description:
      'What counted as spent when: bills count when they come, and an outcome that nobody knows counts as spent until it is read back.',
  })

interface Parts {
  readonly agent: Pick<Agent, 'budget' | 'clock'>
  readonly history: SpendHistory
}

/** Routes of what was spent over time. */
export function spendRoutes(parts: Parts): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/spend',
      summary: 'What budgets have spent over time',
      scope: 'read',
      query: Query,
      answers: { 200: { description: 'A series of buckets for each budget', schema: Spend } },
      refusals: ['invalid_request', 'not_found'],
      async handle(c, caller) {
        const { period, scope } = check(Query, c.req.query())
        const { budget, clock } = parts.agent
        const scopes =
          scope === undefined ? sharedScopes(parts, caller) : [scopeNamed(parts.agent, scope, caller)]
        await budget.refresh(scopes)
        const nowMs = clock.nowMs()
        const starts = startsOf(period, nowMs)
        return ok({
          period,
          bucketSeconds: PERIODS[period].bucketMs / 1_000,
          from: isoTime(starts[0] ?? nowMs),
          to: isoTime(nowMs),
          series: scopes.map((one) => seriesOf(parts, one, starts, caller)),
        })
      },
    },
  ]
}

/** The beginnings of the buckets, in ms since the epoch; the last one holds now. */
function startsOf(period: keyof typeof PERIODS, nowMs: number): number[] {
  const { bucketMs, buckets } = PERIODS[period]
  const last = Math.floor(nowMs / bucketMs)
  return Array.from({ length: buckets }, (_, at) => (last - buckets + 1 + at) * bucketMs)
}

function seriesOf(
  { agent: { budget }, history }: Parts,
  scope: Scope,
  starts: readonly number[],
  { boundTo }: Caller,
): z.output<typeof Spend>['series'][number] {
  const stats = budget.stats(scope)
  const ever = [
    ...starts.map((atMs) => history.spentAt(scope.name, atMs)),
    scope.purse.standing && stats.spent,
  ]
  const amounts = starts.map((_, at) => between(ever[at], ever[at + 1]))
  const caveats: z.output<typeof Spend>['series'][number]['caveats'] = []
  const unknown = amounts.filter((amount) => amount === null).length
  if (unknown === amounts.length)
    caveats.push({
      code: 'not_followed',
      detail: `Nothing is known yet: looks are taken at full minutes and quarters of an hour, of up to ${MAX_FOLLOWED} budgets, campaigns and keys that use most first`,
    })
  else if (unknown > 0)
    caveats.push({
      code: 'gaps',
      detail: `Nobody looked at the beginning or end of ${unknown} of ${amounts.length} buckets: the service did not run, or the budget was new or not followed`,
    })
  if (amounts.some((amount) => amount !== null && amount < 0))
    caveats.push({
      code: 'credits',
      detail: 'A bucket below zero had more money credited, once bids were proven not placed, than was spent',
    })
  return {
    scope: shownName(scope.name, boundTo),
    currency: scope.currency,
    amounts,
    total: between(ever[0], ever.at(-1)),
    caveats,
  }
}

const between = (from: number | undefined, to: number | undefined): number | null =>
  from === undefined || to === undefined ? null : to < from ? -units(from, to) : units(to, from)
const units = (more: number, less: number): number => toUnits(micros(more - less))

/** The budgets that several campaigns share; of an organisation its own. */
function sharedScopes({ agent: { budget } }: Parts, { boundTo }: Caller): Scope[] {
  return budget.scopes
    .filter(({ name }) => !name.startsWith('campaign:') && maySee(name, boundTo))
    .take(MAX_SERIES)
    .toArray()
}
