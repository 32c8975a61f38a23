const DAY_MS = 86_400_000
/** Days that are asked for where nobody says which. */
const USUAL_DAYS = 7

export interface Days {
  readonly start: string
  readonly end: string
}

/** The last seven days of an account, whose day is that of its time zone: up to yesterday, or with today. */
export function lastDays(timezone: string | null, through: 'yesterday' | 'today' = 'yesterday'): Days {
  const now = Date.now()
  const day = (daysAgo: number) => dayOf(new Date(now - daysAgo * DAY_MS), timezone ?? 'UTC')
  const end = through === 'today' ? 0 : 1
  return { start: day(USUAL_DAYS - 1 + end), end: day(end) }
}

/** A date as in 2026-11-01. */
function dayOf(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(at)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}
