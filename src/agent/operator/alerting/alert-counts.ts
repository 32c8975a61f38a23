import type { Metrics } from '../../../metrics/metrics.ts'

/** Counts by name, see {@link countName}; a missing one is 0. */
export type WatchedCounts = ReadonlyMap<string, number>

/** What is counted of each seat, platform or of the service, under a name of its own. */
export type WatchedCount =
  | 'bids.answered'
  | 'bids.vetoed'
  | 'bids.with_source'
  | 'bids.by_fallback'
  | 'answers.lost'
  | 'auctions.all'
  | 'auctions.shed'
  | 'auctions.too_late'
  | 'notices.other_price'
  | 'notices.other_kind'
  | 'notices.settled'
  | 'notices.settled_late'
  | 'prices.all'
  | 'prices.not_verified'
  | 'losses.false'
  | 'notices.forged'
  | 'workers.ended'
  | 'notifications.given_up'
  | 'conversions.attempts'
  | 'conversions.failed'
  | 'conversions.ended'
  | 'conversions.dead'

export const countName = (what: WatchedCount, of: string): string => `${what} ${of}`

type Read = Pick<
  Metrics,
  | 'bids'
  | 'auctions'
  | 'noBids'
  | 'notices'
  | 'noticePrices'
  | 'falseLosses'
  | 'forgedNotices'
  | 'unknownOutcomes'
  | 'workerRestarts'
  | 'notifications'
  | 'conversionDeliveries'
>

/** What has been counted up to now, of this process and of what its workers have reported. */
export async function countsOf(metrics: Read): Promise<WatchedCounts> {
  const counts = new Map<string, number>()
  const add = (what: WatchedCount, of: string, count: number) => {
    const name = countName(what, of)
    counts.set(name, (counts.get(name) ?? 0) + count)
  }
  countBids(metrics, add)
  countAuctions(metrics, add)
  countConversions(metrics, add)
  for (const { count } of metrics.forgedNotices.all) add('notices.forged', SERVICE, count)
  for (const { labels, count } of metrics.notifications.all)
    if (labels.result === 'given_up' || labels.result === 'pushed_out')
      add('notifications.given_up', SERVICE, count)
  for (const { labels, value } of (await metrics.unknownOutcomes.get()).values)
    add('answers.lost', String(labels.platform), value)
  for (const { value } of (await metrics.workerRestarts.get()).values) add('workers.ended', SERVICE, value)
  return counts
}

/** The name under which everything is counted that belongs to no seat or platform. */
export const SERVICE = 'service'

type Add = (what: WatchedCount, of: string, count: number) => void

function countBids({ bids }: Read, add: Add): void {
  for (const { labels, count } of bids.all) {
    const { platform, status, source, code } = labels
    if (code === 'budget_exceeded' || code === 'rate_limited') add('bids.vetoed', platform, count)
    if (status === 'deferred') continue
    add('bids.answered', platform, count)
    if (source !== 'ai' && source !== 'fallback') continue
    add('bids.with_source', platform, count)
    if (source === 'fallback') add('bids.by_fallback', platform, count)
  }
}

function countAuctions(metrics: Read, add: Add): void {
  for (const { labels, count } of metrics.auctions.all) {
    add('auctions.all', labels.seat, count)
    if (labels.result === 'shed') add('auctions.shed', labels.seat, count)
  }
  for (const { labels, count } of metrics.noBids.all)
    if (labels.reason === 'too_late') add('auctions.too_late', labels.seat, count)
  for (const { labels, count } of metrics.notices.all) {
    const what = BY_RESULT[labels.result]
    if (what) add(what, labels.seat, count)
  }
  for (const { labels, count } of metrics.noticePrices.all) {
    add('prices.all', labels.seat, count)
    if (labels.form === 'unverifiable' || labels.form === 'not_encrypted')
      add('prices.not_verified', labels.seat, count)
  }
  for (const { labels, count } of metrics.falseLosses.all) add('losses.false', labels.seat, count)
}

const BY_RESULT: Readonly<Record<string, WatchedCount>> = {
  duplicate_other_price: 'notices.other_price',
  raised: 'notices.other_price',
  other_kind: 'notices.other_kind',
  settled: 'notices.settled',
  settled_late: 'notices.settled_late',
}

function countConversions({ conversionDeliveries }: Read, add: Add): void {
  for (const { labels, count } of conversionDeliveries.all) {
    const { platform, result } = labels
    if (result !== 'processing' && result !== 'replayed') add('conversions.attempts', platform, count)
    if (result === 'retried' || result === 'unknown' || result === 'dead')
      add('conversions.failed', platform, count)
    if (result === 'acknowledged' || result === 'processing' || result === 'dead')
      add('conversions.ended', platform, count)
    if (result === 'dead') add('conversions.dead', platform, count)
  }
}

/** How often the counts are remembered, in milliseconds. */
const EVERY_MS = 30_000
/** How long they are remembered, in milliseconds. */
const KEPT_MS = 3_600_000

/** The counts of the last hour, from which increases are computed. */
export class CountHistory {
  readonly #kept: { readonly atMs: number; readonly counts: WatchedCounts }[] = []

  /** @param atMs elapsed ms; not before that of the last call */
  add(atMs: number, counts: WatchedCounts): void {
    const last = this.#kept.at(-1)
    if (last && atMs - last.atMs < EVERY_MS) return
    this.#kept.push({ atMs, counts })
    while ((this.#kept[1]?.atMs ?? atMs) <= atMs - KEPT_MS) this.#kept.shift()
  }

  /** The counts `overMs` before now, or the oldest that are kept; none, so that all counts start at 0, before the first look. */
  before(nowMs: number, overMs: number): WatchedCounts {
    const earlier = this.#kept.findLast(({ atMs }) => atMs <= nowMs - overMs) ?? this.#kept[0]
    return earlier?.counts ?? new Map()
  }
}
