import type { ErrorCode } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { Micros } from '../money.ts'
import type { PlatformName } from '../platforms/index.ts'
import type { Entry, Payment, Records } from '../records/index.ts'
import { type Hold, HoldBook, type HoldEntry } from '../shield/index.ts'
import { campaignScope } from './agent.ts'
import type { BidRequest } from './bid-request.ts'
import type { Decision } from './decide.ts'

/**
 * Where a bid stands. `outcome_unknown` counts as spent; reading the platform back turns it into `placed` or
 * `not_placed` (its money came back), or leaves it. `superseded` and `expired` end a deferred bid.
 */
export const BID_STATUSES = [
  'placed',
  'deferred',
  'dry_run',
  'refused',
  'outcome_unknown',
  'not_placed',
  'superseded',
  'expired',
] as const
export type BidStatus = (typeof BID_STATUSES)[number]

/** How one platform stood when `auto` chose. */
export interface Candidate {
  readonly platform: PlatformName
  readonly score: number
  /** Why it could not be chosen; undefined when it could. */
  readonly excluded: string | undefined
}

/** Every number and rule that led to a bid, kept for whoever asks why. */
export interface DecisionRecord {
  readonly bidId: string
  readonly atMs: number
  /** Name of the API key that asked. */
  readonly caller: string
  readonly request: BidRequest
  readonly platform: PlatformName
  readonly currency: string
  /** Replaced by the heuristic one when the bid is deferred. */
  decision: Decision | undefined
  readonly candidates: readonly Candidate[]
  readonly scopes: readonly string[]
  /** Room in the tightest limit when the bid was decided; undefined without limits. */
  readonly remainingBefore: Micros | undefined
  status: BidStatus
  code: ErrorCode | undefined
  detail: string | undefined
  platformRef: string | undefined
  latencyMs: number
  readonly history: { readonly atMs: number; readonly status: BidStatus }[]
}

/** What is written together with a bid: the answer of its idempotency key. */
type With = readonly Entry[]

export interface Decisions {
  /** Why nothing can be recorded now, and so no bid be placed; undefined while it can. */
  readonly away: string | undefined
  /**
   * Before a platform is called: records the bid as one whose outcome is unknown, which is what it is if the process ends
   * before the answer, and what it holds. Rejects with `RecordsUnavailable`; then nothing may be called.
   */
  intend(record: DecisionRecord, more: With, hold?: Hold): Promise<void>
  /** Whether a bid was recorded before its platform was called. */
  isIntended(record: DecisionRecord): boolean
  /** Records a bid as it is now. Rejects with `RecordsUnavailable`; it is recorded all the same once that is possible. */
  keep(record: DecisionRecord, more?: With): Promise<void>
  /** As `keep`, for a change that nobody waits for. */
  keepSoon(record: DecisionRecord): void
  /** Remembers a bid among the latest. */
  add(record: DecisionRecord): void
  /** Of the latest. */
  get(bidId: string): DecisionRecord | undefined
  /** Also of those that are only on the disk. */
  find(bidId: string): Promise<DecisionRecord | undefined>
  /**
   * Micros that bids of a time on a platform spent, by campaign: placed ones, and those whose outcome is unknown. Where
   * nothing outlives the process, of the latest only.
   */
  spentBetween(platform: PlatformName, fromMs: number, toMs: number): Promise<ReadonlyMap<string, number>>
  /** The latest that fit, newest first. */
  list(filter: {
    platform?: PlatformName | undefined
    status?: BidStatus | undefined
    limit: number
  }): DecisionRecord[]
}

/** So many of the latest decisions are in memory, and listed. */
export const MAX_LATEST = 10_000

/** What a bid is recorded as while its platform is called. */
const UNDER_WAY = 'the service ended before the platform had answered; the bid counts as spent'

export interface DecisionsOptions {
  /** So many of the latest are in memory; {@link MAX_LATEST} where nothing is said. */
  readonly max?: number
  /** Owner of the holds that bids are made with; undefined where no start looks for them. */
  readonly holdsOf?: string | undefined
}

/** The latest decisions in memory, and all of them in the records. */
export function createDecisions(
  records: Records,
  nowMs: () => number,
  options: DecisionsOptions = {},
): Decisions {
  const { max = MAX_LATEST, holdsOf } = options
  const byId = new Map<string, DecisionRecord>()
  /** A ring in the order they were made; the next one takes the place of the oldest. */
  const ring: (DecisionRecord | undefined)[] = []
  let next = 0
  /** With what they hold. */
  const intended = new WeakMap<DecisionRecord, Hold | undefined>()
  const book = new HoldBook()

  /** Newest first. */
  function* newest(): Generator<DecisionRecord> {
    for (let back = 1; back <= ring.length; back++) {
      const record = ring[(next - back + max) % max]
      if (record) yield record
    }
  }

  const append = async (record: DecisionRecord, isOpen: boolean, more: With): Promise<void> => {
    if (records.lasts) await records.append([entryOf(record, isOpen), ...more])
  }
  const written = (...entries: (HoldEntry | undefined)[]): Entry[] =>
    holdsOf === undefined ? [] : entries.flatMap((entry) => (entry ? [holdEntry(holdsOf, entry)] : []))
  const keep = (record: DecisionRecord, more: With = []) => {
    const hold = intended.get(record)
    const ended = hold && written(book.ended(hold))
    return append(record, record.status === 'deferred', ended ? [...more, ...ended] : more)
  }

  return {
    get away() {
      return records.state.is === 'away' ? records.state.detail : undefined
    },
    async intend(record, more, hold) {
      const holds = hold ? written(book.counted(), book.begun(hold)) : []
      try {
        await append(underWay(record, nowMs()), true, [...more, ...holds])
      } catch (error) {
        // It may be written all the same, later; nothing is done with the hold.
        if (hold && records.lasts)
          records.append(written({ is: 'released', number: hold.number })).catch(() => undefined)
        throw error
      }
      intended.set(record, hold)
    },
    isIntended: (record) => intended.has(record),
    keep,
    keepSoon(record) {
      keep(record).catch(() => {})
    },
    add(record) {
      const oldest = ring[next]
      if (oldest) byId.delete(oldest.bidId)
      ring[next] = record
      next = (next + 1) % max
      byId.set(record.bidId, record)
    },
    get: (bidId) => byId.get(bidId),
    async find(bidId) {
      const known = byId.get(bidId)
      if (known) return known
      const text = await records.find('bid', bidId)
      return text === undefined ? undefined : readRecord(text)
    },
    async spentBetween(platform, fromMs, toMs) {
      const payments = records.lasts
        ? await records.spentBetween(fromMs, toMs)
        : newest()
            .filter(({ atMs }) => fromMs <= atMs && atMs < toMs)
            .map(paymentOf)
            .filter((payment) => payment !== undefined)
      const prefix = campaignScope(platform, '')
      const byCampaign = new Map<string, number>()
      for (const { payer, amount } of payments) {
        if (!payer.startsWith(prefix)) continue
        const campaign = payer.slice(prefix.length)
        byCampaign.set(campaign, (byCampaign.get(campaign) ?? 0) + amount)
      }
      return byCampaign
    },
    list: ({ platform, status, limit }) =>
      newest()
        .filter((record) => platform === undefined || record.platform === platform)
        .filter((record) => status === undefined || record.status === status)
        .take(limit)
        .toArray(),
  }
}

/** The worst that a bid can come to, which is written before its platform is called. */
const underWay = (record: DecisionRecord, atMs: number): DecisionRecord => ({
  ...record,
  status: 'outcome_unknown',
  code: 'outcome_unknown',
  detail: UNDER_WAY,
  history: [...record.history, { atMs, status: 'outcome_unknown' }],
})

const entryOf = (record: DecisionRecord, isOpen: boolean): Entry => ({
  put: 'bid',
  bidId: record.bidId,
  atMs: record.atMs,
  isOpen,
  text: JSON.stringify(record),
  spent: paymentOf(record),
})

function holdEntry(owner: string, entry: HoldEntry): Entry {
  switch (entry.is) {
    case 'begun':
      return { put: 'hold', owner, hold: entry.hold }
    case 'settled':
      return { put: 'settled_hold', owner, number: entry.number, settledBefore: entry.settledBefore }
    case 'released':
      return { put: 'no_hold', owner, number: entry.number }
    case 'counted':
      return { put: 'counted_holds', owner, numbers: entry.numbers, counted: entry.counted }
  }
}

function paymentOf({ status, decision, platform, request }: DecisionRecord): Payment | undefined {
  if ((status !== 'placed' && status !== 'outcome_unknown') || !decision) return undefined
  return { payer: campaignScope(platform, request.campaignId), amount: decision.bid }
}

/** A record as it was written by this program, or an earlier version of it. */
export function readRecord(text: string): DecisionRecord {
  return parseJson(text)
}
