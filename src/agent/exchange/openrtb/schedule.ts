import { DateTime } from 'luxon'
import type { CampaignSpec } from './campaign.ts'

type ActiveHours = NonNullable<CampaignSpec['activeHours']>
type Flight = NonNullable<CampaignSpec['pacing']['flight']>

/**
 * Length of the steps in which a schedule is evaluated, in milliseconds. All zone offsets are multiples of it, so hours
 * begin at a step in every zone.
 */
const QUARTER_MS = 15 * 60 * 1000

/** Says whether a campaign may bid at a wall clock time. Computes the calendar once per quarter of an hour. */
export class CampaignSchedule {
  readonly #hours: ActiveHours | undefined
  readonly #startMs: number
  readonly #endMs: number
  #quarter = Number.NaN
  #open = true

  constructor(hours: ActiveHours | undefined, flight?: Flight) {
    this.#hours = hours
    this.#startMs = flight ? Date.parse(flight.start) : Number.NEGATIVE_INFINITY
    this.#endMs = flight ? Date.parse(flight.end) : Number.POSITIVE_INFINITY
  }

  isOpen(wallMs: number): boolean {
    if (wallMs < this.#startMs || wallMs >= this.#endMs) return false
    if (!this.#hours) return true
    const quarter = Math.floor(wallMs / QUARTER_MS)
    if (quarter !== this.#quarter) {
      this.#quarter = quarter
      this.#open = isOpenAt(this.#hours, wallMs)
    }
    return this.#open
  }
}

/** Whether one entry of active hours covers a time. Hours after midnight belong to the day on which they began. */
function isOpenAt({ timezone, days, from, to }: ActiveHours, wallMs: number): boolean {
  const { hour, weekday } = DateTime.fromMillis(wallMs, { zone: timezone })
  if (from < to) return days.includes(weekday) && hour >= from && hour < to
  const dayBefore = weekday === 1 ? 7 : weekday - 1
  return (hour >= from && days.includes(weekday)) || (hour < to && days.includes(dayBefore))
}
