import type { FastCounterUpdate } from '../../metrics/fast-counter.ts'
import type { AuctionResult, Metrics } from '../../metrics/metrics.ts'
import type { TimingsUpdate } from '../../metrics/timings.ts'
import { overdraftLabel } from '../overdraft-label.ts'
import type { Bidder } from './bidder.ts'
import type { CountNotice, NoticeEvent } from './notice-counts.ts'
import type { RequestCounts } from './seat-stats.ts'

/** Micros billed that no limit had room for. */
export interface Overdraft {
  readonly scope: string
  readonly currency: string
  readonly amount: number
}

/** What a process that answers auctions has counted since its previous report. */
export interface AuctionCounts {
  readonly seats: readonly (RequestCounts & { readonly seat: string })[]
  readonly auctions: readonly FastCounterUpdate<'seat' | 'result'>[]
  readonly answers: readonly TimingsUpdate<AuctionResult>[]
  readonly noBids: readonly FastCounterUpdate<'seat' | 'reason'>[]
  readonly shadedBids: readonly FastCounterUpdate<'seat' | 'why'>[]
  readonly frequencyEvictions: readonly FastCounterUpdate<'seat'>[]
  readonly notices: readonly NoticeEvent[]
  readonly overdrafts: readonly Overdraft[]
}

/** Events buffered until the next report to the primary. */
export interface UnreportedEvents {
  readonly notices: NoticeEvent[]
  readonly overdrafts: Overdraft[]
}

type Counting = Pick<Bidder, 'seats' | 'statsOf'>

/** Returns what this process has counted since the previous call, and empties `waiting`. */
export const takeCounts = (
  metrics: Metrics,
  { seats, statsOf }: Counting,
  waiting: UnreportedEvents,
): AuctionCounts => ({
  seats: [...seats.keys()].map((seat) => ({ seat, ...statsOf(seat).takeUpdates() })),
  auctions: metrics.auctions.takeUpdates(),
  answers: metrics.auctionAnswers.takeUpdates(),
  noBids: metrics.noBids.takeUpdates(),
  shadedBids: metrics.shadedBids.takeUpdates(),
  frequencyEvictions: metrics.frequencyEvictions.takeUpdates(),
  notices: waiting.notices.splice(0),
  overdrafts: waiting.overdrafts.splice(0),
})

/** Adds the counts of another process to the metrics of this one. */
export function addCounts(
  metrics: Metrics,
  { statsOf }: Counting,
  count: CountNotice,
  { seats, auctions, answers, noBids, shadedBids, frequencyEvictions, notices, overdrafts }: AuctionCounts,
): void {
  for (const { seat, ...counts } of seats) statsOf(seat).addUpdates(counts)
  metrics.auctions.addUpdates(auctions)
  metrics.auctionAnswers.addUpdates(answers)
  metrics.noBids.addUpdates(noBids)
  metrics.shadedBids.addUpdates(shadedBids)
  metrics.frequencyEvictions.addUpdates(frequencyEvictions)
  for (const event of notices) count(event)
  for (const { scope, currency, amount } of overdrafts)
    metrics.budgetOverdraft.inc({ scope: overdraftLabel(scope), currency }, amount / 1e6)
}
