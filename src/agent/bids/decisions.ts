import type { PlatformName } from '../../connectors/index.ts'
import type { ErrorCode } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { Micros } from '../../money.ts'
import { type Hold, HoldBook, type HoldEntry } from '../../shield/index.ts'
import type { BidSpend, Entry, Payment, Records, SpentPage } from '../../storage/index.ts'
import type { ApprovalFinding } from '../approvals/index.ts'
import { type Org, orgOf, shownName } from '../organisations.ts'
import { campaignScope } from '../scopes.ts'
import type { BidDecision } from './decide.ts'
import type { BidRequest } from './request.ts'

/**
 * Status of a bid. `outcome_unknown` counts as spent; reading back from the platform changes it to `placed` or
 * `not_placed` (the money was freed), or leaves it. `superseded` and `expired` are the ends of a deferred bid; a bid that
 * waited for an approval and got none in time is `expired` as well.
 */
export const BID_STATUSES = [
  'placed',
  'deferred',
  'pending_approval',
  'dry_run',
  'refused',
  'outcome_unknown',
  'not_placed',
  'superseded',
  'expired',
] as const
export type BidStatus = (typeof BID_STATUSES)[number]

/** The state of one platform when `auto` chose. */
export interface Candidate {
  readonly platform: PlatformName
  readonly score: number
  /** Why the platform could not be chosen; undefined when it could. */
  readonly excluded: string | undefined
}

/** Of a refused bid, as far as it is known and may be told to its organisation. */
export interface WouldPass {
  /** The budget that was in the way. */
  readonly scope?: string
  /** What it had left, in units of the currency. */
  readonly remaining?: number
  /** ISO 8601. */
  readonly at?: string
}

/** What the rules of approvals say of a bid, and the approval that it waits for, or has waited for. */
export interface BidApproval extends ApprovalFinding {
  readonly id?: string
}

/** Every number and rule that led to a bid. */
export interface DecisionRecord {
  readonly bidId: string
  readonly atMs: number
  /** Name of the API key that made the bid. */
  readonly caller: string
  /**
   * The organisation that pays and may see the bid. Undefined for the operator's bids, and in records from before
   * organisations existed.
   */
  readonly org?: Org
  /** Id of the API key whose own budget pays too; undefined where it has none. */
  readonly payingKey?: string | undefined
  readonly request: BidRequest
  readonly platform: PlatformName
  readonly currency: string
  /** When the bid is deferred, the decision by history replaces the first one. */
  decision: BidDecision | undefined
  readonly candidates: readonly Candidate[]
  /** What the rules of approvals say of it; undefined where they say nothing. */
  approval?: BidApproval
  readonly scopes: readonly string[]
  /** Micros left in the tightest limit when the bid was decided; undefined without limits. */
  readonly remainingBefore: Micros | undefined
  status: BidStatus
  code: ErrorCode | undefined
  detail: string | undefined
  /** What would have passed in place of a refused bid, and when the bid itself would; undefined where nothing would. */
  wouldPass?: WouldPass | undefined
  platformRef: string | undefined
  latencyMs: number
  readonly history: { readonly atMs: number; readonly status: BidStatus }[]
}

/** Entries written in the same append as a bid, so that both or neither are stored: the answer of its idempotency key. */
type With = readonly Entry[]

export interface Decisions {
  /** Number of decisions in memory. */
  readonly size: number
  /** Why decisions cannot be recorded now; no bid may be placed meanwhile. Undefined while they can. */
  readonly away: string | undefined
  /**
   * Records a bid and its hold before its platform is called, with the status `outcome_unknown`: if the process ends
   * before the platform answers, that is what a restart has to find. Rejects with `RecordsUnavailable`; the platform must
   * not be called then.
   */
  intend(record: DecisionRecord, more: With, hold?: Hold): Promise<void>
  /** Whether {@link intend} recorded the bid before its platform was called. */
  isIntended(record: DecisionRecord): boolean
  /**
   * Records the present state of a bid. Rejects with `RecordsUnavailable` when it cannot be written now; it is written
   * later, once records are available again.
   */
  keep(record: DecisionRecord, more?: With): Promise<void>
  /** Like {@link keep}, but does not wait for the write; errors are ignored, since the state is recorded later. */
  keepSoon(record: DecisionRecord): void
  /** Adds a bid to the decisions in memory. */
  add(record: DecisionRecord): void
  /** Looks a bid up in memory only. */
  get(bidId: string): DecisionRecord | undefined
  /** Looks a bid up in memory, then on the disk. */
  find(bidId: string): Promise<DecisionRecord | undefined>
  /**
   * Micros spent on a platform in a time span, by campaign: bids that were placed or whose outcome is unknown. Where
   * records do not survive the process, only the decisions in memory count.
   * @param org counts only the bids of this organisation; undefined for the bids of everybody
   */
  spentBetween(
    platform: PlatformName,
    fromMs: number,
    toMs: number,
    org: Org,
  ): Promise<ReadonlyMap<string, number>>
  /**
   * What bids spent in a time span, by payer and source, in pages; of the decisions in memory where records do not survive
   * the process.
   */
  spentPage(fromMs: number, toMs: number): Promise<SpentPage>
  /** Lists matching decisions in memory, newest first. */
  list(filter: {
    platform?: PlatformName | undefined
    status?: BidStatus | undefined
    /** Lists only the bids of this organisation; undefined for the bids of everybody. */
    org?: Org
    /** Lists only the bids that were decided before this one, which has to be in memory. */
    before?: string | undefined
    limit: number
  }): DecisionRecord[]
}

/** Detail of a bid that is recorded before its platform is called; it is read only after a crash. */
const UNDER_WAY = 'the service ended before the platform had answered; the bid counts as spent'

export interface DecisionsOptions {
  /** How many decisions are kept in memory and listed. */
  readonly max: number
  /** Owner under which the holds of bids are recorded; undefined where a restart does not look for them. */
  readonly holdsOf?: string | undefined
  /** Called with every decision that is made, and again whenever its status has changed. */
  readonly onDecided?: ((record: DecisionRecord) => void) | undefined
}

/** The latest decisions, in memory: a new one replaces the oldest where there is no room. */
class RecentDecisions {
  readonly #max: number
  readonly #byId = new Map<string, DecisionRecord>()
  /** Ring buffer in order of creation. */
  readonly #ring: (DecisionRecord | undefined)[] = []
  #next = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#ring.length
  }

  add(record: DecisionRecord): void {
    const oldest = this.#ring[this.#next]
    if (oldest) this.#byId.delete(oldest.bidId)
    this.#ring[this.#next] = record
    this.#next = (this.#next + 1) % this.#max
    this.#byId.set(record.bidId, record)
  }

  get(bidId: string): DecisionRecord | undefined {
    return this.#byId.get(bidId)
  }

  /** Time of the oldest once others were replaced; before that all are there. */
  get keptFromMs(): number {
    if (this.size < this.#max) return 0
    return this.#ring[this.#next]?.atMs ?? 0
  }

  /** @param before only those that are older than this one; all where it is undefined */
  *newest(before?: string): Generator<DecisionRecord> {
    let isOlder = before === undefined
    for (let back = 1; back <= this.#ring.length; back++) {
      const record = this.#ring[(this.#next - back + this.#max) % this.#max]
      if (record && isOlder) yield record
      isOlder ||= record?.bidId === before
    }
  }
}

/** Keeps the latest decisions in memory and all of them in the records. */
export function createDecisions(records: Records, nowMs: () => number, options: DecisionsOptions): Decisions {
  const { max, holdsOf, onDecided } = options
  const recent = new RecentDecisions(max)
  /** Decisions recorded before their platform call, each with its hold. */
  const intended = new WeakMap<DecisionRecord, Hold | undefined>()
  const book = new HoldBook()
  const startedMs = nowMs()

  const append = async (record: DecisionRecord, isOpen: boolean, more: With): Promise<void> => {
    if (records.lasts) await records.append([entryOf(record, isOpen), ...more])
  }
  const written = (...entries: (HoldEntry | undefined)[]): Entry[] =>
    holdsOf === undefined ? [] : entries.flatMap((entry) => (entry ? [holdEntry(holdsOf, entry)] : []))
  const keep = (record: DecisionRecord, more: With = []) => {
    onDecided?.(record)
    const hold = intended.get(record)
    const ended = hold && written(book.ended(hold))
    return append(record, record.status === 'deferred', ended ? [...more, ...ended] : more)
  }

  return {
    get size() {
      return recent.size
    },
    get away() {
      return records.state.is === 'away' ? records.state.detail : undefined
    },
    async intend(record, more, hold) {
      const holds = hold ? written(book.counted(), book.begun(hold)) : []
      try {
        await append(underWay(record, nowMs()), true, [...more, ...holds])
      } catch (error) {
        // The write may still succeed later. The hold was not used, so its record is withdrawn.
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
    add: (record) => recent.add(record),
    get: (bidId) => recent.get(bidId),
    async find(bidId) {
      const known = recent.get(bidId)
      if (known) return known
      const text = await records.find('bid', bidId)
      return text === undefined ? undefined : readRecord(text)
    },
    async spentBetween(platform, fromMs, toMs, org) {
      const payments = records.lasts
        ? await records.spentBetween(fromMs, toMs)
        : recent
            .newest()
            .filter(({ atMs }) => fromMs <= atMs && atMs < toMs)
            .map(paymentOf)
            .filter((payment) => payment !== undefined)
      return sumByCampaign(payments, platform, org)
    },
    spentPage: async (fromMs, toMs) =>
      records.lasts ? records.spentPage(fromMs, toMs) : spentOf(recent, startedMs, fromMs, toMs),
    list: ({ platform, status, org, before, limit }) =>
      recent
        .newest(before)
        .filter((record) => platform === undefined || record.platform === platform)
        .filter((record) => status === undefined || record.status === status)
        .filter((record) => org === undefined || record.org === org)
        .take(limit)
        .toArray(),
  }
}

/** The bid as it is recorded before the platform call: with an unknown outcome, the worst case. */
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

/** Sums payments for campaigns of the platform, by the campaign's id as its organisation calls it. */
function sumByCampaign(
  payments: Iterable<Payment>,
  platform: PlatformName,
  org: Org,
): ReadonlyMap<string, number> {
  const prefix = campaignScope(platform, '')
  const byCampaign = new Map<string, number>()
  for (const { payer, amount } of payments) {
    if (!payer.startsWith(prefix)) continue
    const id = payer.slice(prefix.length)
    if (org !== undefined && orgOf(id) !== org) continue
    const campaign = shownName(id, orgOf(id))
    byCampaign.set(campaign, (byCampaign.get(campaign) ?? 0) + amount)
  }
  return byCampaign
}

function paymentOf({ status, decision, platform, request, org }: DecisionRecord): BidSpend | undefined {
  if ((status !== 'placed' && status !== 'outcome_unknown') || !decision) return undefined
  return {
    payer: campaignScope(platform, request.campaignId, org),
    amount: decision.bid,
    source: decision.source,
    isUnknown: status === 'outcome_unknown',
  }
}

/** As the records do it, of the decisions in memory: those of earlier starts are gone, and the oldest are replaced. */
function spentOf(recent: RecentDecisions, startedMs: number, fromMs: number, toMs: number): SpentPage {
  const spends = recent
    .newest()
    .filter(({ atMs }) => fromMs <= atMs && atMs < toMs)
    .map(paymentOf)
    .filter((spend) => spend !== undefined)
  const parts = [...Map.groupBy(spends, ({ payer, source }) => `${source} ${payer}`).values()].flatMap(
    (group) =>
      group.slice(0, 1).map(({ payer, source }) => ({
        ...{ payer, source, bids: group.length },
        amount: group.reduce((sum, { amount }) => sum + amount, 0),
        unknown: group.filter(({ isUnknown }) => isUnknown).length,
      })),
  )
  return { parts, nextMs: undefined, keptFromMs: Math.max(startedMs, recent.keptFromMs) }
}

/** Reads a record written by this version or an earlier one. */
export function readRecord(text: string): DecisionRecord {
  return parseJson(text)
}
