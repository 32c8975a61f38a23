import { hash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { Reason, TimeZone } from '../../api/index.ts'
import { micros, toUnits } from '../../money.ts'
import {
  type LimitSpec,
  type LimitStats,
  MAX_OVERSPEND_PROBABILITY,
  type Scope,
  type ScopeStats,
  WHY_STRICT,
} from '../../shield/index.ts'
import { startOfDay } from '../../time/local-day.ts'
import { Money } from '../bids/request.ts'
import type { ScopeHolds } from '../exchange/worker-pool.ts'
import { type Org, shownName } from '../organisations.ts'
import { Advice } from './approval-body.ts'

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
      'How the money for open exchange bids is held. `strict`: all of it. `bounded`: what their bills may come to, and at least all but `worstCase` lets be billed beyond a limit. The probability is that of spend passing a limit at any moment of a day, for each process, as long as bids end independently and as they did. Platform bids are held in full.',
  })

const Limits = z.array(LimitInput).max(10)
const haveOwnWindows = (limits: z.output<typeof Limits>): boolean =>
  new Set(limits.map(windowKey)).size === limits.length
const SAME_WINDOW = 'must not name the same window twice'

/** The limits of a budget that is created together with something else, such as an API key. */
export const FirstLimits = Limits.min(1).refine(haveOwnWindows, SAME_WINDOW)

/** The new limits of a budget, which replace its present ones. */
export const BudgetInput = z
  .strictObject({
    limits: Limits,
    holdMode: HoldModeInput.optional().openapi({
      description:
        'When it is left out: for exchanges and their campaigns bounded with `OPENRTB_MAX_OVERSPEND_PROBABILITY` unless that is 0, else strict.',
    }),
    revision: z.string().max(64).optional().openapi({
      description:
        'The `revision` of the budget that this change was made from. Where somebody has changed its limits or its hold mode since, the change is answered 409 `changed_meanwhile`, unless nothing more may be spent after it than before.',
    }),
    reason: Reason.optional(),
  })
  .refine(({ limits }) => haveOwnWindows(limits), { message: SAME_WINDOW, path: ['limits'] })
  .openapi('BudgetInput')

/** What every answer says about a limit; amounts in units of the budget's currency. */
export const LIMIT_FIGURES = {
  kind: z.enum(['sliding', 'day', 'lifetime']),
  windowSeconds: z.number().optional(),
  timezone: z.string().optional(),
  max: z.number(),
  spent: z.number(),
  held: z.number(),
  remaining: z.number(),
}

/** A budget as the API shows it; amounts in units of its currency. */
export const Budget = z
  .object({
    scope: z.string().openapi({ example: 'platform:google_ads' }),
    currency: z.string(),
    revision: z
      .string()
      .openapi({ description: 'Another one after every change of its limits or hold mode.' }),
    paused: z.boolean(),
    pauseReason: z.string().optional(),
    overdraft: z.number(),
    elsewhere: z.number().openapi({
      description: 'In the purses of other processes; of workers, what they do not hold for open bids.',
    }),
    forfeited: z
      .object({ amount: z.number(), becomesSpendInMs: z.int() })
      .optional()
      .openapi({ description: 'Of processes that are gone; the first of it becomes spend then.' }),
    holdMode: HoldModeInput,
    holds: z
      .object({
        mode: z.enum(['strict', 'bounded']).openapi({ description: 'In effect now.' }),
        why: z.enum(WHY_STRICT).optional().openapi({
          description:
            'Why everything is held in full although the budget is bounded: open bids are few beside what is left; too little is known of how bids end; more are billed than were; bills came after the bids had counted as lost.',
        }),
        held: z.number(),
        prices: z.number().openapi({
          description: 'What all open bids, and those that ended not long ago, may cost together.',
        }),
        worstCase: z.number().openapi({
          description:
            'How many times a limit spend may ever reach if all of `prices` is billed: `OPENRTB_WORST_CASE` for a bounded budget.',
        }),
        allowance: z.number().optional().openapi({
          description:
            'By how much spend may pass a limit now if all of `prices` is billed. It is earned: an eighth of what `worstCase` lets be, and up to all of it as far as four times as much could have been billed lately and was not. Left out where there is no limit.',
        }),
        silentWorkers: z.int().optional().openapi({
          description: 'Workers that have not answered: what they hold is in `elsewhere` and not in `holds`.',
        }),
      })
      .openapi({ description: 'Of this process and its workers.' }),
    limits: z.array(
      z.object({
        ...LIMIT_FIGURES,
        utilization: z.number(),
        nextReliefMs: z.number().optional(),
        gone: z.number().optional().openapi({
          description:
            'Share of the day that has gone, from 0 to 1; left out for a limit that is not of a day. Beside `utilization` it says whether spending is ahead of the clock.',
        }),
      }),
    ),
    advice: Advice.optional(),
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

/** What the figures of this process do not contain. */
export interface HoldsAround {
  /** What each worker holds, by scope. */
  readonly holds: ReadonlyMap<string, readonly ScopeHolds[]>
  /** The number of workers that have not answered. */
  readonly silent: number
  /** How many times a limit spend could reach if all open bids of a bounded budget were billed. */
  readonly worstCase: number
  /** The time of the figures, in ms since the epoch. */
  readonly nowMs: number
}

/** What this process and its workers hold together. The store counts what workers hold as elsewhere. */
function holdsOfAll(stats: ScopeStats, around: HoldsAround) {
  const { scope, held, prices, holdMode, holdModeNow } = stats
  const workers = around.holds.get(scope) ?? []
  const modes = workers.map(({ modeNow }) => modeNow)
  const mode =
    modes.find(({ is }) => is === 'bounded') ?? (prices === 0 ? modes[0] : undefined) ?? holdModeNow
  const allowance = workers.reduce((sum, one) => sum + one.allowance, stats.allowance)
  const inWorkers = micros(workers.reduce((sum, one) => sum + one.held, 0 as number))
  return {
    inWorkers,
    holds: {
      mode: mode.is,
      ...('why' in mode && { why: mode.why }),
      held: toUnits(micros(held + inWorkers)),
      prices: toUnits(micros(workers.reduce((sum, one) => sum + one.prices, prices as number))),
      worstCase: holdMode.is === 'bounded' ? around.worstCase : 1,
      ...(Number.isFinite(allowance) && { allowance: toUnits(micros(allowance)) }),
      ...(around.silent > 0 && { silentWorkers: around.silent }),
    },
  }
}

export function budgetBody(stats: ScopeStats, boundTo: Org, around: HoldsAround): z.output<typeof Budget> {
  const { scope, currency, pause, overdraft, holdMode, elsewhere, forfeited, limits } = stats
  const { holds, inWorkers } = holdsOfAll(stats, around)
  return {
    scope: shownName(scope, boundTo),
    currency,
    revision: revisionOf({ currency, holdMode, limits: limits.map(({ spec }) => spec) }),
    paused: pause.is === 'paused',
    ...(pause.is === 'paused' && { pauseReason: pause.reason }),
    overdraft: toUnits(overdraft),
    elsewhere: toUnits(micros(Math.max(0, elsewhere - inWorkers))),
    ...(forfeited.bookedInMs !== undefined && {
      forfeited: {
        amount: toUnits(micros(forfeited.amount)),
        becomesSpendInMs: Math.ceil(forfeited.bookedInMs),
      },
    }),
    holdMode,
    holds,
    limits: limits.map((one) => limitBody({ ...one, held: micros(one.held + inWorkers) }, around.nowMs)),
  }
}

/** A hash of what a budget allows, by which a caller notices that it has changed. All processes compute the same. */
export const revisionOf = ({ currency, limits, holdMode }: Pick<Scope, 'currency' | 'limits' | 'holdMode'>) =>
  hash('sha256', JSON.stringify([currency, limits.map(specBody), holdMode]), 'base64url').slice(0, 16)

/** A limit in units, without what it has spent. */
export function specBody(spec: LimitSpec) {
  return {
    kind: spec.kind,
    ...(spec.kind === 'sliding' && { windowSeconds: spec.windowMs / 1000 }),
    ...(spec.kind === 'day' && { timezone: spec.timezone }),
    max: toUnits(spec.max),
  }
}

function limitBody({ spec, spent, held, remaining, utilization, nextReliefMs }: LimitStats, nowMs: number) {
  return {
    ...specBody(spec),
    spent: toUnits(spent),
    held: toUnits(held),
    remaining: toUnits(remaining),
    utilization,
    ...(nextReliefMs !== undefined && { nextReliefMs }),
    ...(spec.kind === 'day' && { gone: goneOf(nowMs, spec.timezone) }),
  }
}

/** The day that it is in a time zone, in ms since the epoch; not always of 24 hours. */
export function dayOf(nowMs: number, timezone: string) {
  return { startMs: startOfDay(nowMs, timezone), endMs: startOfDay(nowMs, timezone, 1) }
}

/** The share of the day that has passed, 0 to 1. It is rounded down to thousandths so that the stream sends it only when that changes. */
function goneOf(nowMs: number, timezone: string): number {
  const { startMs, endMs } = dayOf(nowMs, timezone)
  return Math.floor(((nowMs - startMs) / (endMs - startMs)) * 1_000) / 1_000
}
