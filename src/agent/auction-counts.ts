import type { Metrics } from '../metrics.ts'
import type { TallyNews } from '../tally.ts'
import type { Bidder } from './bidder.ts'
import { overdraftLabel } from './collect-metrics.ts'
import type { CountNotice, NoticeEvent } from './notice-counts.ts'
import type { RequestCounts } from './seat-stats.ts'

/** Money that no limit had room for, in micros. */
export interface Overdraft {
  readonly scope: string
  readonly currency: string
  readonly amount: number
}

/** What a process that answers auctions has counted for a while. */
export interface AuctionCounts {
  readonly seats: readonly (RequestCounts & { readonly seat: string })[]
  readonly auctions: readonly TallyNews<'seat' | 'result'>[]
  readonly noBids: readonly TallyNews<'seat' | 'reason'>[]
  readonly notices: readonly NoticeEvent[]
  readonly overdrafts: readonly Overdraft[]
}

/** Counted one by one, until it is told. */
export interface Waiting {
  readonly notices: NoticeEvent[]
  readonly overdrafts: Overdraft[]
}

type Counting = Pick<Bidder, 'seats' | 'statsOf'>

/** What was counted here since this was asked last; the rest is what waited to be told. */
export const takeCounts = (
  metrics: Metrics,
  { seats, statsOf }: Counting,
  waiting: Waiting,
): AuctionCounts => ({
  seats: [...seats.keys()].map((seat) => ({ seat, ...statsOf(seat).news() })),
  auctions: metrics.auctions.news(),
  noBids: metrics.noBids.news(),
  notices: waiting.notices.splice(0),
  overdrafts: waiting.overdrafts.splice(0),
})

/** Counts here what another process has counted. */
export function addCounts(
  metrics: Metrics,
  { statsOf }: Counting,
  count: CountNotice,
  { seats, auctions, noBids, notices, overdrafts }: AuctionCounts,
): void {
  for (const { seat, ...counts } of seats) statsOf(seat).addNews(counts)
  metrics.auctions.addNews(auctions)
  metrics.noBids.addNews(noBids)
  for (const event of notices) count(event)
  for (const { scope, currency, amount } of overdrafts)
    metrics.budgetOverdraft.inc({ scope: overdraftLabel(scope), currency }, amount / 1e6)
}
