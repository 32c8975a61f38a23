import { DateTime } from 'luxon'
import type { CampaignSpec } from './campaign.ts'

type ActiveHours = NonNullable<CampaignSpec['activeHours']>

/** Every zone's offset is a multiple of a quarter of an hour, so an hour begins at one in every zone. */
const QUARTER_MS = 15 * 60 * 1000

/** Whether a campaign may bid at a moment of the wall clock. Looks at a calendar once in a quarter of an hour. */
export class Schedule {
  readonly #hours: ActiveHours | undefined
  #quarter = Number.NaN
  #open = true

  constructor(hours: ActiveHours | undefined) {
    this.#hours = hours
  }

  isOpen(wallMs: number): boolean {
    if (!this.#hours) return true
    const quarter = Math.floor(wallMs / QUARTER_MS)
    if (quarter !== this.#quarter) {
      this.#quarter = quarter
      this.#open = isOpenAt(this.#hours, wallMs)
    }
    return this.#open
  }
}

/** Hours after midnight belong to the day on which they began. */
function isOpenAt({ timezone, days, from, to }: ActiveHours, wallMs: number): boolean {
  const { hour, weekday } = DateTime.fromMillis(wallMs, { zone: timezone })
  if (from < to) return days.includes(weekday) && hour >= from && hour < to
  const dayBefore = weekday === 1 ? 7 : weekday - 1
  return (hour >= from && days.includes(weekday)) || (hour < to && days.includes(dayBefore))
}
