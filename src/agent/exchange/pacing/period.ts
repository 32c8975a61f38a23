import type { Scope } from '../../../shield/index.ts'
import { startOfDay } from '../../../time/local-day.ts'
import type { CampaignSpec } from '../openrtb/index.ts'

/** The period over which a limit of a campaign is spread. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
  /** Index of the limit among the limits of the campaign's scope. */
  readonly limit: number
  /** Whether the limit starts at 0 with each period. */
  readonly isDay: boolean
}

/**
 * The present period of a paced campaign: its flight, with the smallest lifetime limit, or the day of its smallest
 * daily limit. Undefined outside the flight, and if an operator has removed the limit.
 */
export function periodOf(
  { pacing: { flight } }: Pick<CampaignSpec, 'pacing'>,
  { limits }: Pick<Scope, 'limits'>,
  nowMs: number,
): Period | undefined {
  const kind = flight ? 'lifetime' : 'day'
  let limit = -1
  for (const [i, one] of limits.entries()) {
    if (one.kind === kind && (limit < 0 || one.max < (limits[limit]?.max ?? 0))) limit = i
  }
  const found = limits[limit]
  if (!found) return undefined
  if (flight) {
    const [startMs, endMs] = [Date.parse(flight.start), Date.parse(flight.end)]
    return nowMs >= startMs && nowMs < endMs ? { startMs, endMs, limit, isDay: false } : undefined
  }
  const zone = found.kind === 'day' ? found.timezone : 'UTC'
  return { startMs: startOfDay(nowMs, zone), endMs: startOfDay(nowMs, zone, 1), limit, isDay: true }
}
