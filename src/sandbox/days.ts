/** In milliseconds; every day in UTC is as long. */
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** The days from one to another, both included, such as `2026-11-20`; none if the second is before the first. */
export function daysBetween(firstMs: number, lastMs: number): string[] {
  const days = Math.max(0, Math.round((lastMs - firstMs) / DAY_MS) + 1)
  return Array.from({ length: days }, (_, index) =>
    new Date(firstMs + index * DAY_MS).toISOString().slice(0, 10),
  )
}
