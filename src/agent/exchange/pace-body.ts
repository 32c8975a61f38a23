import { z } from '@hono/zod-openapi'
import { micros, toUnits } from '../../money.ts'
import { isoTime } from '../../time/clock.ts'
import type { PaceNow } from './pacing/index.ts'

export const PaceBody = z
  .object({
    share: z.number().nullable().openapi({
      description:
        'The share of its chances that the campaign takes; null before its first chance since the start.',
    }),
    why: z
      .enum(['no_chance_yet', 'learning', 'on_plan', 'short_of_traffic', 'spent_out', 'store_away'])
      .openapi({
        description:
          '`learning`: what a bid costs is not known yet. `short_of_traffic`: all of the traffic is too little for the budget. `spent_out`: nothing is left. `store_away`: the share stays until the budget store answers.',
      }),
    asOf: z.string().optional(),
    period: z.object({ start: z.string(), end: z.string() }).optional(),
    budget: z.number().optional().openapi({ description: 'The limit that is spread over the period.' }),
    used: z
      .number()
      .optional()
      .openapi({ description: 'Of the budget: spent and set aside, in all processes.' }),
    thisHour: z.object({ planned: z.number(), used: z.number() }).optional().openapi({
      description: 'What the plan gave the rest of the hour when it was made, and what was used since.',
    }),
    processes: z
      .number()
      .optional()
      .openapi({ description: 'How many processes bid; `share` is their average.' }),
  })
  .openapi('Pace')

/** How a paced campaign is doing, by this process and by each worker. */
export function paceBody(own: PaceNow | undefined, workers: readonly PaceNow[]): z.output<typeof PaceBody> {
  const all = own ? [own, ...workers] : workers
  const [latest] = all.toSorted((a, b) => b.atMs - a.atMs)
  if (!latest) return { share: null, why: 'no_chance_yet' }
  const { why, atMs, startMs, endMs, budget, used, hour } = latest
  return {
    share: all.reduce((sum, { share }) => sum + share, 0) / all.length,
    why,
    asOf: isoTime(atMs),
    period: { start: isoTime(startMs), end: isoTime(endMs) },
    budget: toUnits(micros(budget)),
    used: unitsOf(used),
    thisHour: { planned: unitsOf(hour.planned), used: unitsOf(hour.used) },
    processes: all.length,
  }
}

/** Plans have fractions of a micro; released holds can make what was used in an hour negative. */
const unitsOf = (amount: number): number => Math.round(amount) / 1e6
