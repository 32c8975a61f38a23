import type { StreamEvent } from '@bidwarden/client'
import type { BidRecord, Budget, KillSwitch, Platform } from './client.ts'

// What was read, with what has happened since. Each returns what it was given where nothing of it has changed.

type Events = readonly StreamEvent[]

type DataOf = { [One in StreamEvent as One['event']]: One['data'] }

/** The latest data of the events of that name, by a key of theirs; what has come last stands last. */
function latest<Name extends keyof DataOf, Key>(
  events: Events,
  name: Name,
  keyOf: (data: DataOf[Name]) => Key,
): Map<Key, DataOf[Name]> {
  const found = new Map<Key, DataOf[Name]>()
  for (const { event, data } of events) {
    if (event !== name) continue
    const named = data as DataOf[Name]
    const key = keyOf(named)
    found.delete(key)
    found.set(key, named)
  }
  return found
}

export const killSwitchWith = (known: KillSwitch, events: Events): KillSwitch =>
  latest(events, 'kill_switch', () => '').get('') ?? known

export const budgetWith = (known: Budget, events: Events): Budget =>
  latest(events, 'budget', ({ scope }) => scope).get(known.scope) ?? known

interface BudgetList {
  readonly budgets: Budget[]
  readonly next?: string
}

export function budgetsWith<List extends BudgetList>(known: List, events: Events): List {
  const fresh = latest(events, 'budget', ({ scope }) => scope)
  if (fresh.size === 0) return known
  return { ...known, budgets: known.budgets.map((one) => fresh.get(one.scope) ?? one) }
}

interface PlatformList {
  readonly platforms: Platform[]
}

export function platformsWith<List extends PlatformList>(known: List, events: Events): List {
  const fresh = latest(events, 'breaker', ({ platform }) => platform)
  if (fresh.size === 0) return known
  const changed = (one: Platform): Platform => {
    const now = fresh.get(one.platform)
    return now === undefined ? one : { ...one, breaker: { ...one.breaker, state: now.state } }
  }
  return { ...known, platforms: known.platforms.map(changed) }
}

export const bidWith = (known: BidRecord, events: Events): BidRecord =>
  latest(events, 'bid', ({ bidId }) => bidId).get(known.bidId) ?? known

interface BidList {
  readonly bids: BidRecord[]
  /** Bids that came too quickly to be told, since the list was read. */
  readonly skipped?: number
}

interface BidsAsked {
  readonly limit?: number
  readonly platform?: string
  readonly status?: string
}

/** The list, newest first, with new bids where their time puts them and known ones where they stand. */
export function bidsWith<List extends BidList>(known: List, asked: BidsAsked, events: Events): List {
  const fresh = latest(events, 'bid', ({ bidId }) => bidId)
  const skipped = events.reduce((sum, one) => sum + (one.event === 'skipped' ? one.data.bids : 0), 0)
  if (fresh.size === 0 && skipped === 0) return known
  const fits = ({ platform, status }: BidRecord) =>
    (asked.platform === undefined || asked.platform === platform) &&
    (asked.status === undefined || asked.status === status)
  const bids = known.bids.flatMap((bid) => {
    const now = fresh.get(bid.bidId) ?? bid
    fresh.delete(bid.bidId)
    return fits(now) ? now : []
  })
  for (const bid of fresh.values()) {
    if (!fits(bid)) continue
    const place = bids.findIndex(({ at }) => at <= bid.at)
    bids.splice(place === -1 ? bids.length : place, 0, bid)
  }
  return { ...known, bids: bids.slice(0, asked.limit), skipped: (known.skipped ?? 0) + skipped }
}
