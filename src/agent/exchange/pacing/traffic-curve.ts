export const HOUR_MS = 3_600_000
/** The hours of a week, in UTC. The days of every time zone consist of some of them. */
export const HOURS_OF_WEEK = 168
const HOURS_OF_DAY = 24
/** The weight of the latest week in the average with those before. */
const NEWEST = 0.4

/**
 * How many requests arrive in each hour of the week (UTC), learned from hours that were observed from beginning to end.
 * Always 168 figures, whatever the traffic.
 */
export class TrafficCurve {
  readonly #hours: (number | undefined)[] = Array(HOURS_OF_WEEK).fill(undefined)
  /** The hour that is being counted, in hours since the epoch, and whether it was observed from its beginning. */
  #hour: number
  #isWhole = false
  #count = 0

  constructor(wallMs: number) {
    this.#hour = hourOf(wallMs)
  }

  /**
   * @param wallMs when the requests arrived; those of the last minute of an hour may be counted in the next one
   */
  add(count: number, wallMs: number): void {
    if (hourOf(wallMs) !== this.#hour - 1) this.#turn(wallMs)
    this.#count += count
  }

  /** Requests of each hour of the week; null for an hour that was never observed. */
  known(wallMs: number): readonly (number | null)[] {
    this.#turn(wallMs)
    return this.#hours.map((count) => count ?? null)
  }

  restore(hours: readonly (number | null)[]): void {
    for (let i = 0; i < HOURS_OF_WEEK; i++) this.#hours[i] = hours[i] ?? undefined
  }

  /**
   * The requests expected in every hour of the week, in proportion. For an hour that was never observed, the same hour
   * of other days counts, then the mean of all hours. While nothing was observed, all hours are alike.
   */
  shape(): Float64Array {
    const average = meanOf(this.#hours) ?? 1
    const least = average > 0 ? average / 100 : 1
    return Float64Array.from(this.#hours, (count, i) => {
      const expected = count ?? meanOf(this.#hours.filter((_, j) => (j - i) % HOURS_OF_DAY === 0)) ?? average
      // An hour without requests so far may have some next week.
      return Math.max(expected, least)
    })
  }

  #turn(wallMs: number): void {
    const hour = hourOf(wallMs)
    if (hour === this.#hour) return
    // If the clock went back, or forward by more than a week, nothing was observed.
    const passed = hour - this.#hour
    if (passed > 0 && passed < HOURS_OF_WEEK) {
      if (this.#isWhole) this.#learn(this.#hour, this.#count)
      for (let quiet = this.#hour + 1; quiet < hour; quiet++) this.#learn(quiet, 0)
    }
    this.#isWhole = passed > 0 && passed < HOURS_OF_WEEK
    this.#hour = hour
    this.#count = 0
  }

  #learn(hour: number, count: number): void {
    const i = hour % HOURS_OF_WEEK
    const before = this.#hours[i]
    this.#hours[i] = before === undefined ? count : before + NEWEST * (count - before)
  }
}

const hourOf = (wallMs: number): number => Math.floor(wallMs / HOUR_MS)

/** The index of the hour of the week that contains a time. */
export const hourOfWeek = (wallMs: number): number => hourOf(wallMs) % HOURS_OF_WEEK

function meanOf(counts: readonly (number | undefined)[]): number | undefined {
  let [sum, known] = [0, 0]
  for (const count of counts) {
    if (count === undefined) continue
    sum += count
    known += 1
  }
  return known === 0 ? undefined : sum / known
}
