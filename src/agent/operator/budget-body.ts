import { z } from '@hono/zod-openapi'
import { Reason, TimeZone } from '../../api/index.ts'
import { micros, toUnits } from '../../money.ts'
import {
  type LimitSpec,
  type LimitStats,
  MAX_OVERSPEND_PROBABILITY,
  type ScopeStats,
} from '../../shield/index.ts'
import { Money } from '../bids/request.ts'
import { type Org, shownName } from '../organisations.ts'

const MAX_WINDOW_SECONDS = 31 * 24 * 3600
const LimitInput = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sliding'),
      windowSeconds: z.number().int().min(1).max(MAX_WINDOW_SECONDS),
      max: Money,
    }),
    z.strictObject({ kind: z.literal('day'), timezone: TimeZone, max: Money }),
    z.strictObject({ kind: z.literal('lifetime'), max: Money }),
  ])
  .openapi('Limit')

const HoldModeInput = z
  .discriminatedUnion('is', [
    z.strictObject({ is: z.literal('strict') }),
    z.strictObject({
      is: z.literal('bounded'),
      maxOverspendProbability: z.number().positive().max(MAX_OVERSPEND_PROBABILITY),
    }),
  ])
  .openapi('HoldMode', {
    description:
      'How the money for open exchange bids is held. `strict`: all of it. `bounded`: what their bills may come to; the probability is that spend ever passes a limit on a day, for each process. Platform bids are held in full.',
  })

/** What limits of a budget are replaced with. */
export const BudgetInput = z
  .strictObject({
    limits: z.array(LimitInput).max(10),
    holdMode: HoldModeInput.optional().openapi({
      description:
        'When it is left out: for exchanges and their campaigns bounded with `OPENRTB_MAX_OVERSPEND_PROBABILITY` where that is set, else strict.',
    }),
    reason: Reason.optional(),
  })
  .refine(({ limits }) => new Set(limits.map(windowKey)).size === limits.length, {
    message: 'must not name the same window twice',
    path: ['limits'],
  })
  .openapi('BudgetInput')

/** A budget as the API shows it; amounts in units of its currency. */
export const Budget = z
  .object({
    scope: z.string().openapi({ example: 'platform:google_ads' }),
    currency: z.string(),
    paused: z.boolean(),
    pauseReason: z.string().optional(),
    overdraft: z.number(),
    elsewhere: z.number().openapi({ description: 'In the purses of other processes.' }),
    forfeited: z
      .object({ amount: z.number(), becomesSpendInMs: z.int() })
      .optional()
      .openapi({ description: 'Of processes that are gone; the first of it becomes spend then.' }),
    holdMode: HoldModeInput,
    holds: z
      .object({
        mode: z.enum(['strict', 'bounded']).openapi({ description: 'In effect now.' }),
        why: z.enum(['money_to_spare', 'few_outcomes', 'win_rate_drifts']).optional().openapi({
          description:
            'Why everything is held in full although the budget is bounded: open bids are few beside what is left; too little is known of how bids end; more are billed than were.',
        }),
        held: z.number(),
        prices: z.number().openapi({ description: 'What all open bids may cost together.' }),
      })
      .openapi({ description: 'Of this process.' }),
    limits: z.array(
      z.object({
        kind: z.enum(['sliding', 'day', 'lifetime']),
        windowSeconds: z.number().optional(),
        timezone: z.string().optional(),
        max: z.number(),
        spent: z.number(),
        held: z.number(),
        remaining: z.number(),
        utilization: z.number(),
        nextReliefMs: z.number().optional(),
      }),
    ),
    warning: z.string().optional().openapi({
      description:
        'After a change that has left no limit: what still bounds the spending, and what does not.',
    }),
  })
  .openapi('Budget')

function windowKey(limit: z.output<typeof LimitInput>): string {
  const { max: _, ...window } = limit
  return JSON.stringify(window)
}

/** A limit of a request as the money core takes it. */
export function toSpec(limit: z.output<typeof LimitInput>): LimitSpec {
  if (limit.kind !== 'sliding') return limit
  return { kind: 'sliding', windowMs: limit.windowSeconds * 1000, max: limit.max }
}

export function budgetBody(stats: ScopeStats, boundTo: Org): z.output<typeof Budget> {
  const {
    scope,
    currency,
    pause,
    overdraft,
    held,
    prices,
    holdMode,
    holdModeNow,
    elsewhere,
    forfeited,
    limits,
  } = stats
  return {
    scope: shownName(scope, boundTo),
    currency,
    paused: pause.is === 'paused',
    ...(pause.is === 'paused' && { pauseReason: pause.reason }),
    overdraft: toUnits(overdraft),
    elsewhere: toUnits(elsewhere),
    ...(forfeited.bookedInMs !== undefined && {
      forfeited: {
        amount: toUnits(micros(forfeited.amount)),
        becomesSpendInMs: Math.ceil(forfeited.bookedInMs),
      },
    }),
    holdMode,
    holds: {
      mode: holdModeNow.is,
      ...('why' in holdModeNow && { why: holdModeNow.why }),
      held: toUnits(held),
      prices: toUnits(prices),
    },
    limits: limits.map(limitBody),
  }
}

/** A limit in units, without what it has spent. */
export function specBody(spec: LimitSpec) {
  return {
    kind: spec.kind,
    ...(spec.kind === 'sliding' && { windowSeconds: spec.windowMs / 1000 }),
    ...(spec.kind === 'day' && { timezone: spec.timezone }),
    max: toUnits(spec.max),
  }
}

function limitBody({ spec, spent, held, remaining, utilization, nextReliefMs }: LimitStats) {
  return {
    ...specBody(spec),
    spent: toUnits(spent),
    held: toUnits(held),
    remaining: toUnits(remaining),
    utilization,
    ...(nextReliefMs !== undefined && { nextReliefMs }),
  }
}
