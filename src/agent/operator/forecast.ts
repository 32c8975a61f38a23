import { z } from '@hono/zod-openapi'
import { micros, toUnits } from '../../money.ts'
import type { LimitStats, ScopeStats } from '../../shield/index.ts'
import { isoTime } from '../../time/clock.ts'
import { type Org, shownName } from '../organisations.ts'
import { dayOf, LIMIT_FIGURES, specBody } from './budget-body.ts'

const HOUR_MS = 3_600_000

/** When a budget will be used up if spending continues at the present speed; amounts in units of its currency. */
export const Forecast = z
  .object({
    scope: z.string(),
    currency: z.string(),
    at: z.string(),
    limits: z.array(
      z.object({
        ...LIMIT_FIGURES,
        perHour: z.number().nullable().openapi({
          description: 'What is spent and held in an hour, in units; null where too little is known.',
        }),
        measuredOverSeconds: z.number().nullable().openapi({
          description: 'Length of the time over which `perHour` was measured, up to now, in seconds.',
        }),
        endsAt: z.string().nullable().openapi({ description: 'When the day ends; null for other limits.' }),
        spentAtEnd: z.number().nullable().openapi({
          description:
            'What is spent of the day when it ends, in units, if it goes on so and the limit lets it; null for other limits.',
        }),
        usedUpAt: z.string().nullable().openapi({
          description: 'When nothing is left if it goes on so; null where something always is.',
        }),
      }),
    ),
  })
  .openapi('Forecast', {
    description:
      'By an even speed: a limit of a day goes on as this day went so far, a sliding one as its window went, one for ever as the longest of the others. Exchanges and shops are not even over a day; bids that are paused or refused now are not foreseen.',
  })

/** Micros that were spent and are held, over a period in milliseconds. */
interface Speed {
  readonly amount: number
  readonly overMs: number
}

/** Micros that this speed comes to in `inMs` milliseconds. */
const comesTo = ({ amount, overMs }: Speed, inMs: number): number => (amount * inMs) / overMs

/** Forecasts every limit of a scope. */
export function forecastBody(stats: ScopeStats, nowMs: number, boundTo: Org): z.output<typeof Forecast> {
  const longest = stats.limits
    .map((limit) => speedOf(limit, nowMs))
    .reduce((most, one) => (one && one.overMs > (most?.overMs ?? 0) ? one : most), undefined)
  return {
    scope: shownName(stats.scope, boundTo),
    currency: stats.currency,
    at: isoTime(nowMs),
    limits: stats.limits.map((limit) => limitForecast(limit, speedOf(limit, nowMs) ?? longest, nowMs)),
  }
}

function limitForecast(limit: LimitStats, speed: Speed | undefined, nowMs: number) {
  const { spec, spent, held, remaining } = limit
  const endMs = spec.kind === 'day' ? dayOf(nowMs, spec.timezone).endMs : undefined
  const units = (amount: number) => toUnits(micros(Math.ceil(amount)))
  return {
    ...specBody(spec),
    spent: toUnits(spent),
    held: toUnits(held),
    remaining: toUnits(remaining),
    perHour: speed ? units(comesTo(speed, HOUR_MS)) : null,
    measuredOverSeconds: speed ? Math.round(speed.overMs / 1000) : null,
    endsAt: endMs === undefined ? null : isoTime(endMs),
    spentAtEnd:
      endMs === undefined || !speed
        ? null
        : units(Math.max(spent + held, Math.min(spent + held + comesTo(speed, endMs - nowMs), spec.max))),
    usedUpAt: usedUpAt(limit, speed, nowMs, endMs),
  }
}

function usedUpAt(
  { spec, remaining }: LimitStats,
  speed: Speed | undefined,
  nowMs: number,
  endMs = Number.POSITIVE_INFINITY,
): string | null {
  if (remaining === 0) return isoTime(nowMs)
  // At a constant speed as much leaves a sliding window as enters it.
  if (!speed || spec.kind === 'sliding') return null
  const usedUpMs = nowMs + (remaining / speed.amount) * speed.overMs
  return usedUpMs < endMs && usedUpMs < MAX_TIME_MS ? isoTime(Math.floor(usedUpMs)) : null
}

/**
 * The latest moment that is shown, in ms since the epoch: the end of the year 9999, after which ISO 8601 dates have no
 * common form.
 */
const MAX_TIME_MS = 253_402_300_799_000

/** The speed within the limit's own window; undefined if it has none, or if no time has passed in it. */
function speedOf({ spec, spent, held }: LimitStats, nowMs: number): Speed | undefined {
  if (spec.kind === 'lifetime') return undefined
  const overMs = spec.kind === 'sliding' ? spec.windowMs : nowMs - dayOf(nowMs, spec.timezone).startMs
  return overMs > 0 ? { amount: spent + held, overMs } : undefined
}
