import { sql } from 'kysely'
import { parseJson } from '../../json/json.ts'
import { MAX_UNITS, type Micros, microsFloor } from '../../money.ts'
import type { WorthState } from '../../sync/index.ts'
import type { Base } from '../conversions.ts'
import { type JsonColumns, jsonRows } from '../json-rows.ts'
import type { BidBook, BidFound, BoughtBy } from './bid-book.ts'

/** How many conversions one step joins, and how many steps one turn has. */
const PER_STEP = 200
const STEPS_PER_TURN = 100
/** How long a conversion waits for its bid to end, in milliseconds; after that the bid counts as it is. */
const OPEN_MS = 3_600_000
/** How long a conversion waits for another process on the database to find the bid, in milliseconds. */
const ELSEWHERE_MS = 600_000

/** Which value of a conversion feeds the history of lifetime values; undefined: none. */
export type LtvFeed = 'value' | 'predicted_ltv' | undefined

export interface WorthDeps extends Pick<Base, 'store' | 'clock'> {
  readonly bids: BidBook
  readonly ltvFeed: LtvFeed
  /** Called once with each lifetime value, in the currency of the bid. */
  readonly onLtv: (orgId: number, platform: string, ltv: Micros) => void
}

interface WaitingRow {
  readonly seq: number
  readonly org_id: number
  readonly bid_id: string
  readonly created_ms: number
  readonly value_micros: number | null
  readonly currency: string | null
  readonly data: string
}

interface JoinedRow {
  readonly event_seq: number
  readonly found: WorthState
  readonly at_ms: number | null
  readonly platform: string | null
  readonly campaign: string | null
  readonly source: string | null
  readonly own_currency: string | null
}

const COLUMNS: JsonColumns = {
  event_seq: 'bigint',
  found: 'text',
  at_ms: 'bigint',
  platform: 'text',
  campaign: 'text',
  source: 'text',
  own_currency: 'text',
}

/** Joins conversions to the bids that bought them. It works in steps, so that it blocks nobody for long. */
export class BidJoiner {
  readonly #deps: WorthDeps
  /** Conversions up to this number have been processed. */
  #after = 0

  constructor(deps: WorthDeps) {
    this.#deps = deps
  }

  /** Joins the conversions that arrived since the last turn. */
  async joinNew(): Promise<void> {
    for (let step = 0; step < STEPS_PER_TURN; step++) if (!(await this.#step())) return
  }

  /** Tries again the conversions whose bids were open or unknown. */
  async joinAgain(): Promise<void> {
    this.#after = 0
    await this.joinNew()
  }

  /** Returns whether there may be more. */
  async #step(): Promise<boolean> {
    const { store, bids } = this.#deps
    const rows: WaitingRow[] = (
      await sql<WaitingRow>`SELECT seq, org_id, bid_id, created_ms, value_micros, currency, data
        FROM conversion_events WHERE worth = 'waiting' AND seq > ${this.#after} ORDER BY seq LIMIT ${PER_STEP}`.execute(
        store.db,
      )
    ).rows
    if (rows.length === 0) return false
    const found = await Promise.all(
      rows.map(async (row) => ({ row, bid: await bids.find(row.org_id, row.bid_id).catch(() => undefined) })),
    )
    const joined = found.flatMap(({ row, bid }) => {
      const one = bid && this.#joined(row, bid)
      return one ? [{ row, one }] : []
    })
    await this.#write(joined)
    this.#after = rows.at(-1)?.seq ?? this.#after
    return rows.length === PER_STEP
  }

  /** The conversion with its bid; undefined if it must wait. */
  #joined({ seq, created_ms }: WaitingRow, bid: BidFound): JoinedRow | undefined {
    const { store, clock } = this.#deps
    const ageMs = clock.nowMs() - created_ms
    const none = { at_ms: null, platform: null, campaign: null, source: null, own_currency: null }
    switch (bid.is) {
      case 'bought':
        return joinedTo(seq, bid.bought)
      case 'open':
        if (ageMs < OPEN_MS) return undefined
        return bid.bought ? joinedTo(seq, bid.bought) : { event_seq: seq, found: 'no_spend', ...none }
      case 'no_spend':
        return { event_seq: seq, found: 'no_spend', ...none }
      case 'unknown':
        if (store.engine === 'postgres' && ageMs < ELSEWHERE_MS) return undefined
        return { event_seq: seq, found: 'unknown_bid', ...none }
    }
  }

  async #write(joined: readonly { readonly row: WaitingRow; readonly one: JoinedRow }[]): Promise<void> {
    if (joined.length === 0) return
    const { store } = this.#deps
    const given = jsonRows(
      store.engine,
      COLUMNS,
      joined.map(({ one }) => one),
    )
    // Several processes may see a conversion; only the one whose update succeeds reports its lifetime value.
    const { rows: noted } = await sql<{
      seq: number
    }>`UPDATE conversion_events SET worth = found, bid_at_ms = at_ms,
        bid_platform = platform, bid_campaign = campaign, bid_source = source, bid_currency = own_currency
      FROM ${given} WHERE seq = event_seq AND worth = 'waiting' RETURNING seq`.execute(store.db)
    const own = new Set(noted.map(({ seq }) => Number(seq)))
    for (const { row, one } of joined)
      if (own.has(row.seq) && one.found === 'joined') this.#learn({ ...row, ...one })
  }

  #learn(row: Learnable): void {
    const ltv = ltvOf(this.#deps.ltvFeed, row)
    if (ltv !== undefined && row.platform) this.#deps.onLtv(row.org_id, row.platform, ltv)
  }

  /** Feeds the history with the lifetime values from before this start. Call it once. */
  async restoreLtv(): Promise<void> {
    const { store, ltvFeed } = this.#deps
    if (ltvFeed === undefined) return
    const { rows: orgs } = await sql<{
      org_id: number
    }>`SELECT DISTINCT org_id FROM conversion_connections`.execute(store.db)
    for (const { org_id } of orgs) {
      const { rows } = await latestJoined(org_id).execute(store.db)
      for (const row of rows.toReversed()) this.#learn(row)
    }
  }
}

/** How many values are restored: as many as all histories of an organisation hold, a hundred for each platform. */
const RESTORED = 1_000

const latestJoined = (orgId: number) => sql<Learnable>`
  SELECT org_id, bid_platform AS platform, bid_currency AS own_currency, value_micros, currency, data FROM conversion_events
  WHERE org_id = ${orgId} AND worth = 'joined' ORDER BY bid_at_ms DESC LIMIT ${RESTORED}`

interface Learnable
  extends Pick<WaitingRow, 'org_id' | 'value_micros' | 'currency' | 'data'>,
    Pick<JoinedRow, 'platform' | 'own_currency'> {}

/** Undefined if the conversion has no value, or one in another currency than its bid. */
function ltvOf(feed: LtvFeed, { value_micros, currency, own_currency, data }: Learnable): Micros | undefined {
  if (feed === undefined || currency === null || currency !== own_currency) return undefined
  if (feed === 'value') return value_micros ? (value_micros as Micros) : undefined
  const units: unknown = parseJson(data).custom_data?.predicted_ltv
  return typeof units === 'number' && units > 0 && units <= MAX_UNITS ? microsFloor(units) : undefined
}

const joinedTo = (
  event_seq: number,
  { atMs, platform, campaignId, source, currency }: BoughtBy,
): JoinedRow => ({
  event_seq,
  found: 'joined',
  at_ms: Math.floor(atMs),
  platform,
  campaign: campaignId,
  source,
  own_currency: currency,
})
