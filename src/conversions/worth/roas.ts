import { sql } from 'kysely'
import { AppError } from '../../errors.ts'
import { MAX_UNITS } from '../../money.ts'
import { WORTH_STATES, type WorthState } from '../../sync/index.ts'
import { isoTime } from '../../time/clock.ts'
import type { Base } from '../conversions.ts'
import type { BidBook, BidSource } from './bid-book.ts'

/** How many conversions one statement adds up. */
const CONVERSIONS_PER_STEP = 10_000
/** The most statements of one answer, for bids and for conversions each; more would take too long. */
const MOST_STEPS = 100
/** The most rows of one answer, before paging. */
const MOST_ROWS = 50_000
/** The number up to which conversions without a bid are counted. */
const MOST_COUNTED = 100_000
const DAY_MS = 86_400_000

export const ROAS_BY = ['platform', 'campaign', 'source'] as const
export type RoasBy = (typeof ROAS_BY)[number]

export interface RoasQuestion {
  readonly by: RoasBy
  readonly fromMs: number
  readonly toMs: number
  readonly eventNames: readonly string[]
}

/** Why a figure is missing, or what it does not include. */
export interface WorthCaveat {
  readonly code: WorthCaveatCode
  readonly detail: string
}
export const WORTH_CAVEATS = [
  'decisions_not_kept',
  'other_processes',
  'conversions_forgotten',
  'outcome_unknown',
  'conversions_without_value',
  'value_without_currency',
  'currencies_differ',
  'no_spend',
] as const
type WorthCaveatCode = (typeof WORTH_CAVEATS)[number]

/** Sums by currency, in micros. */
type ByCurrency = ReadonlyMap<string, number>

/** Spend and value of some bids. A figure is null if only a part of it is known. */
export interface WorthFigures {
  readonly bids: number
  readonly conversions: number
  readonly spend: ByCurrency | null
  readonly value: ByCurrency | null
  /** Value per unit of spend. */
  readonly ratio: number | null
  readonly caveats: readonly WorthCaveat[]
}

export interface WorthRow extends WorthFigures {
  readonly platform: string | undefined
  readonly campaignId: string | undefined
  readonly source: BidSource | null | undefined
  readonly bySource: Readonly<Record<BidSource, WorthFigures>>
}

export interface Roas {
  /** Sorted by `key`. */
  readonly rows: readonly { readonly key: string; readonly row: WorthRow }[]
  readonly total: WorthRow
  /** Conversions of the time span that belong to no row, by reason; null if there are more than are counted. */
  readonly unjoined: Readonly<Record<Exclude<WorthState, 'joined'>, number>> | null
}

export interface RoasDeps extends Pick<Base, 'store' | 'clock'> {
  readonly bids: BidBook
  readonly keepDays: number
}

/**
 * Spend and value of the bids that were decided in a time span. A conversion counts at the time of the bid that bought
 * it, so that both are about the same bids.
 * @throws AppError `invalid_request` if the span has more bids or conversions than one answer may contain
 */
export async function roasOf(deps: RoasDeps, orgId: number, question: RoasQuestion): Promise<Roas> {
  const { by, fromMs, toMs } = question
  const sums = new Map<string, GroupSums>()
  const total = newGroup({ platform: undefined, campaignId: undefined, source: undefined })
  const groupsOf = (bid: BidOfSums): readonly GroupSums[] => {
    const name = nameOf(by, bid)
    const key = keyOf(name)
    const known = sums.get(key)
    if (known) return [known, total]
    if (sums.size >= MOST_ROWS) throw tooMuch()
    const made = newGroup(name)
    sums.set(key, made)
    return [made, total]
  }
  const gaps: Gaps = {
    isPartial: deps.bids.isPartial,
    keptFromMs: await addSpend(deps, orgId, question, groupsOf),
    fromMs,
    isForgotten: fromMs < deps.clock.nowMs() - deps.keepDays * DAY_MS,
    keepDays: deps.keepDays,
  }
  await addValue(deps, orgId, question, groupsOf)
  const rows = [...sums]
    .map(([key, group]) => ({ key, row: rowOf(group, gaps) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const unjoined = await countUnjoined(deps, orgId, { ...question, fromMs, toMs })
  return { rows, total: rowOf(total, gaps), unjoined }
}

interface BidOfSums {
  readonly platform: string
  readonly campaignId: string
  readonly source: BidSource | null
}

type GroupName = Pick<WorthRow, 'platform' | 'campaignId' | 'source'>

function nameOf(by: RoasBy, { platform, campaignId, source }: BidOfSums): GroupName {
  if (by === 'source') return { platform: undefined, campaignId: undefined, source }
  return { platform, campaignId: by === 'campaign' ? campaignId : undefined, source: undefined }
}

/** Ids of platforms and campaigns contain no `/`. */
const keyOf = ({ platform, campaignId, source }: GroupName): string =>
  platform === undefined ? (source ?? 'unknown') : [platform, campaignId].filter(Boolean).join('/')

/** The sums of one row. */
class Sums {
  bids = 0
  unknown = 0
  conversions = 0
  withoutValue = 0
  withoutCurrency = 0
  readonly spend = new Map<string, number>()
  readonly value = new Map<string, number>()
}

interface GroupSums {
  readonly name: GroupName
  readonly all: Sums
  readonly bySource: Readonly<Record<BidSource, Sums>>
}

const newGroup = (name: GroupName): GroupSums => ({
  name,
  all: new Sums(),
  bySource: { ai: new Sums(), fallback: new Sums() },
})

const partsOf = ({ all, bySource }: GroupSums, source: BidSource | null): readonly Sums[] =>
  source === null ? [all] : [all, bySource[source]]

const add = (sums: Map<string, number>, currency: string, micros: number): void => {
  sums.set(currency, (sums.get(currency) ?? 0) + micros)
}

type GroupsOf = (bid: BidOfSums) => readonly GroupSums[]

/** Adds the spend of bids; returns the time from which on decisions are kept. */
async function addSpend(
  { bids }: RoasDeps,
  orgId: number,
  { fromMs, toMs }: RoasQuestion,
  groupsOf: GroupsOf,
): Promise<number | undefined> {
  let keptFromMs: number | undefined
  for (let [step, startMs] = [0, fromMs]; ; step++) {
    if (step >= MOST_STEPS) throw tooMuch()
    const page = await bids.spentPage(orgId, startMs, toMs)
    keptFromMs = page.keptFromMs
    for (const spend of page.spends)
      for (const group of groupsOf(spend))
        for (const sums of partsOf(group, spend.source)) {
          sums.bids += spend.bids
          sums.unknown += spend.unknown
          add(sums.spend, spend.currency, spend.micros)
        }
    if (page.nextMs === undefined) return keptFromMs
    startMs = page.nextMs
  }
}

interface ValueRow {
  readonly bid_platform: string
  readonly bid_campaign: string
  readonly bid_source: BidSource
  readonly currency: string | null
  readonly conversions: number | string
  readonly valued: number | string
  readonly micros: number | null
}

/** Adds the value of the conversions that these bids bought. */
async function addValue(
  { store }: RoasDeps,
  orgId: number,
  { fromMs, toMs, eventNames }: RoasQuestion,
  groupsOf: GroupsOf,
): Promise<void> {
  const joined = (startMs: number, endMs: number) =>
    sql`org_id = ${orgId} AND worth = 'joined' AND bid_at_ms >= ${startMs} AND bid_at_ms < ${endMs}`
  for (let [step, startMs] = [0, fromMs]; ; step++) {
    if (step >= MOST_STEPS) throw tooMuch()
    const { rows: cut } = await sql<{ bid_at_ms: number }>`SELECT bid_at_ms FROM conversion_events
      WHERE ${joined(startMs, toMs)} ORDER BY bid_at_ms LIMIT 1 OFFSET ${CONVERSIONS_PER_STEP}`.execute(
      store.db,
    )
    // A millisecond with more conversions than a step has is added up as a whole.
    const nextMs = cut[0] && Math.max(Number(cut[0].bid_at_ms), startMs + 1)
    const { rows } = await sql<ValueRow>`SELECT bid_platform, bid_campaign, bid_source, currency,
        count(*) AS conversions, count(value_micros) AS valued, sum(CAST(value_micros AS double precision)) AS micros
      FROM conversion_events WHERE ${joined(startMs, nextMs ?? toMs)} AND event_name IN (${sql.join(eventNames)})
      GROUP BY bid_platform, bid_campaign, bid_source, currency`.execute(store.db)
    for (const row of rows) addConversions(row, groupsOf)
    if (nextMs === undefined) return
    startMs = nextMs
  }
}

function addConversions(row: ValueRow, groupsOf: GroupsOf): void {
  const source = row.bid_source
  const [conversions, valued] = [Number(row.conversions), Number(row.valued)]
  for (const group of groupsOf({ platform: row.bid_platform, campaignId: row.bid_campaign, source }))
    for (const sums of partsOf(group, source)) {
      sums.conversions += conversions
      sums.withoutValue += conversions - valued
      if (valued === 0) continue
      if (row.currency === null) sums.withoutCurrency += valued
      else add(sums.value, row.currency, row.micros ?? 0)
    }
}

/** What the figures of all rows may lack. */
interface Gaps {
  readonly isPartial: boolean
  readonly keptFromMs: number | undefined
  readonly fromMs: number
  readonly isForgotten: boolean
  readonly keepDays: number
}

const rowOf = ({ name, all, bySource }: GroupSums, gaps: Gaps): WorthRow => ({
  ...name,
  ...figuresOf(all, gaps),
  bySource: { ai: figuresOf(bySource.ai, gaps), fallback: figuresOf(bySource.fallback, gaps) },
})

function figuresOf(sums: Sums, gaps: Gaps): WorthFigures {
  const caveats: WorthCaveat[] = []
  const note = (code: WorthCaveatCode, detail: string) => caveats.push({ code, detail })
  const { isPartial, keptFromMs, fromMs, isForgotten, keepDays } = gaps
  const isCut = keptFromMs !== undefined && fromMs < keptFromMs
  if (isPartial) note('other_processes', 'other processes bid too, and their spend is not known here')
  if (isCut) note('decisions_not_kept', `decisions are kept ${keptSince(keptFromMs)}`)
  if (isForgotten)
    note('conversions_forgotten', `conversions are kept for ${keepDays} days (CONVERSION_KEEP_DAYS)`)
  if (sums.unknown > 0)
    note('outcome_unknown', `${sums.unknown} bids have no certain outcome and count as spent`)
  if (sums.withoutValue > 0)
    note(
      'conversions_without_value',
      `${sums.withoutValue} conversions name no value, or one above what is counted (${MAX_UNITS}), and add nothing`,
    )
  if (sums.withoutCurrency > 0)
    note('value_without_currency', `${sums.withoutCurrency} conversions name a value without a currency`)
  const spend = isPartial || isCut ? null : sums.spend
  const value = isForgotten ? null : sums.value
  return {
    bids: sums.bids,
    conversions: sums.conversions,
    spend,
    value,
    ratio: spend && value && ratioOf(spend, value, note),
    caveats,
  }
}

const keptSince = (keptFromMs: number): string =>
  keptFromMs === Number.MAX_SAFE_INTEGER ? 'no more' : `from ${isoTime(keptFromMs)} on`

/** Value per unit of spend; null, with a caveat, if nothing was spent or if the amounts are in several currencies. */
function ratioOf(
  spend: ByCurrency,
  value: ByCurrency,
  note: (code: WorthCaveatCode, detail: string) => void,
): number | null {
  const spent = [...spend].filter(([, micros]) => micros > 0)
  const [only] = spent
  if (!only) {
    note('no_spend', 'nothing was spent, so there is no ratio')
    return null
  }
  const [currency, micros] = only
  const others = new Set([...spent.map(([name]) => name), ...value.keys()])
  if (others.size > 1 || !others.has(currency)) {
    note('currencies_differ', `spend and value are in ${[...others].sort().join(', ')}`)
    return null
  }
  return (value.get(currency) ?? 0) / micros
}

type Unjoined = Record<Exclude<WorthState, 'joined'>, number>

/** Counts the conversions of the time span for which no bid is known. */
async function countUnjoined(
  { store }: RoasDeps,
  orgId: number,
  { fromMs, toMs, eventNames }: RoasQuestion,
): Promise<Unjoined | null> {
  const counts: Unjoined = { no_bid: 0, waiting: 0, unknown_bid: 0, no_spend: 0 }
  let all = 0
  for (const name of eventNames) {
    const { rows } = await sql<{ worth: WorthState; events: number | string }>`
      SELECT worth, count(*) AS events FROM (SELECT worth FROM conversion_events WHERE org_id = ${orgId}
        AND event_name = ${name} AND event_time_ms >= ${fromMs} AND event_time_ms < ${toMs} AND worth <> 'joined'
        LIMIT ${MOST_COUNTED + 1}) AS found GROUP BY worth`.execute(store.db)
    for (const { worth, events } of rows) {
      if (worth === 'joined' || !WORTH_STATES.includes(worth)) continue
      counts[worth] += Number(events)
      all += Number(events)
    }
    if (all > MOST_COUNTED) return null
  }
  return counts
}

const tooMuch = (): AppError =>
  new AppError('invalid_request', 'The span has more than one answer may take; ask for a shorter one')
