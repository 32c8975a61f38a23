import type { Limit } from '../limits.ts'
import type { Forfeit, Lease } from './account-state.ts'
import type { Forfeited, LimitStanding, SyncLine } from './store.ts'

/** What counts against each limit, in their order. */
export const limitStandings = (limits: readonly Limit[], nowMs: number): LimitStanding[] =>
  limits.map(({ spec, window }) => {
    const spent = window.sum(nowMs)
    return {
      spec,
      spent,
      nextReliefMs: spent > 0 ? window.reliefInMs(nowMs, 1) : Number.POSITIVE_INFINITY,
    }
  })

/** What gone owners have left, and is not spend yet. */
export function forfeitedOf(forfeits: Iterable<Forfeit>, nowMs: number): Forfeited {
  const pending = [...forfeits].filter(({ booked, rest }) => !booked && rest > 0)
  const firstMs = Math.min(...pending.map(({ bookAtMs }) => bookAtMs))
  return {
    amount: pending.reduce((sum, { rest }) => sum + rest, 0),
    bookedInMs: pending.length > 0 ? Math.max(0, firstMs - nowMs) : undefined,
  }
}

/** Whether an owner took a late answer from before its lease ended for a new one: it counts on money that is forfeited. */
export function countsOnMore({ totals }: SyncLine, { outstanding }: Lease): boolean {
  if (!totals) return false
  const { granted, reported, returned, forfeited } = totals
  return granted - reported - returned - forfeited > outstanding
}
