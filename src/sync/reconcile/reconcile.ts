import { DateTime } from 'luxon'
import { type ConnectorType, type DateRange, type SpendReport, zoneOf } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { forgottenOf, type ReportId, readRows } from '../reports/index.ts'
import type { ConnectorRow, Store } from '../store/index.ts'
import { infoOf } from '../work/index.ts'
import { budgetsBefore } from './campaign-budgets.ts'
import { type Reason, reasonFor } from './compare.ts'

/** Spend on a platform by our own records. */
export interface OwnSpend {
  readonly currency: string
  /** Micros by the platform's id of the campaign. */
  readonly byCampaign: ReadonlyMap<string, number>
}

/**
 * Returns what an organisation's bids spent from one time up to another; all bids where no organisation is given, as
 * for the operator. Empty for platforms on which campaigns only get budgets. Undefined for a platform whose own side is
 * not known.
 */
export type OwnSpendOf = (
  type: ConnectorType,
  fromMs: number,
  toMs: number,
  orgId: number | undefined,
) => Promise<OwnSpend | undefined>

/** One campaign on one local day of the account; amounts in micros. */
export interface SpendLine {
  readonly date: string
  readonly campaignId: string
  /** Null where the platform's figure is missing. */
  readonly reported: number | null
  readonly own: number
  /** Highest daily budget in force on that day that was set through Bidwarden. */
  readonly budget: number | undefined
  readonly reason: Reason
}

export interface Reconciliation {
  readonly currency: string
  readonly lines: readonly SpendLine[]
}

/** The account whose spend is compared. */
export interface SpendSource {
  readonly row: ConnectorRow
  readonly type: ConnectorType
  readonly rule: SpendReport
}

/**
 * Compares what the platform reports with our own records and the budgets set through Bidwarden, for each campaign in
 * the report and each local day. Undefined where our own side is not known.
 * @param orgId organisation whose bids are compared; undefined for all
 * @throws AppError `currency_mismatch` when the account's currency differs from its budget's
 */
export async function reconcile(
  store: Store,
  ownSpendOf: OwnSpendOf,
  { row, type, rule }: SpendSource,
  range: DateRange,
  orgId: number | undefined,
): Promise<Reconciliation | undefined> {
  const { currency, timezone } = infoOf(row)
  const report = { connectorId: row.id, reportType: rule.reportType }
  const reported = await reportedSpend(store, report, rule, range)
  const readings = await readingsOf(store, report, range)
  const dates = [...daysOf(range, timezone)]
  const account = { type, accountId: row.account_id ?? row.id }
  const budgetsIn = await budgetsBefore(store, account, dates.at(-1)?.endMs ?? 0)
  const days: Day[] = []
  for (const { date, startMs, endMs } of dates) {
    const own = await ownSpendOf(type, startMs, endMs, orgId)
    if (!own) return undefined
    if (currency !== undefined && currency !== own.currency)
      throw new AppError(
        'currency_mismatch',
        `The account is kept in ${currency}, its budget in ${own.currency}`,
      )
    const readAtMs = readings.findLast(
      ({ after, start, end }) => after < date && start <= date && date <= end,
    )?.atMs
    const readAfterMs = readAtMs === undefined ? undefined : readAtMs - endMs
    const budgets = budgetsIn(startMs, endMs)
    days.push({ date, reported: reported.get(date) ?? new Map(), own, budgets, readAfterMs })
  }
  // Bids on other accounts of the platform are left out.
  const here = new Set(days.flatMap(({ reported: day }) => [...day.keys()]))
  const ours = new Set(days.flatMap(({ own, budgets }) => [...own.byCampaign.keys(), ...budgets.keys()]))
  const lines = days.flatMap((day) => linesOf(day, { here, ours }, rule))
  return days[0] && { currency: days[0].own.currency, lines }
}

interface Day {
  readonly date: string
  readonly reported: ReadonlyMap<string, number | null>
  readonly own: OwnSpend
  readonly budgets: ReadonlyMap<string, number>
  readonly readAfterMs: number | undefined
}

/** The campaigns in the account's report on any day, and those with a bid or a budget on any day. */
interface Campaigns {
  readonly here: ReadonlySet<string>
  readonly ours: ReadonlySet<string>
}

function linesOf(day: Day, { here, ours }: Campaigns, rule: SpendReport): SpendLine[] {
  const { date, readAfterMs } = day
  const bid = [...day.own.byCampaign.keys()].filter((campaignId) => here.has(campaignId))
  return [...new Set([...day.reported.keys(), ...bid])].map((campaignId) => {
    // A campaign missing in the report of a day that was read cost nothing. A day that was not read is unknown.
    const absent = readAfterMs === undefined ? null : 0
    const reported = day.reported.get(campaignId) ?? (day.reported.has(campaignId) ? null : absent)
    const own = day.own.byCampaign.get(campaignId) ?? 0
    const budget = day.budgets.get(campaignId)
    const reason = reasonFor({ reported, own, budget, isOurs: ours.has(campaignId), readAfterMs }, rule)
    return { date, campaignId, reported, own, budget, reason }
  })
}

/** Latest micros by date and campaign. */
async function reportedSpend(
  store: Store,
  report: ReportId,
  { campaignField, micros }: SpendReport,
  range: DateRange,
): Promise<Map<string, Map<string, number | null>>> {
  const byDate = new Map<string, Map<string, number | null>>()
  for await (const rows of readRows(store, report, range)) {
    for (const row of rows) {
      const date = String(row['date']).slice(0, 10)
      const campaign = String(row[campaignField])
      const day = byDate.get(date) ?? new Map<string, number | null>()
      const [sum = 0, figure] = [day.get(campaign), micros(row)]
      byDate.set(date, day.set(campaign, sum === null || figure === null ? null : sum + figure))
    }
  }
  return byDate
}

/**
 * Times and dates of the readings, oldest first. A reading says nothing about days up to `after`, whose rows were forgotten
 * since.
 */
async function readingsOf(
  store: Store,
  { connectorId, reportType }: ReportId,
  { start, end }: DateRange,
): Promise<readonly { after: string; start: string; end: string; atMs: number }[]> {
  const forgotten = await forgottenOf(store, { connectorId, reportType })
  const jobs = await store.db
    .selectFrom('fetch_jobs')
    .select(['range_start', 'range_end', 'started_at'])
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('status', '=', 'completed')
    .where('rows_of', 'is', null)
    .where('range_start', '<=', end)
    .where('range_end', '>=', start)
    .orderBy('started_at')
    .execute()
  return jobs.map(({ range_start, range_end, started_at }) => ({
    after: forgotten && (started_at ?? '') <= forgotten.at ? forgotten.through : '',
    start: range_start ?? '',
    end: range_end ?? '',
    atMs: Date.parse(started_at ?? ''),
  }))
}

/** The days of a range, each from local midnight to midnight. */
function* daysOf({ start, end }: DateRange, timezone: string | undefined) {
  const zone = zoneOf(timezone)
  for (let day = DateTime.fromISO(start, { zone }); ; day = day.plus({ days: 1 })) {
    const date = day.toISODate() ?? ''
    if (!day.isValid || date > end) return
    yield { date, startMs: day.toMillis(), endMs: day.plus({ days: 1 }).toMillis() }
  }
}
