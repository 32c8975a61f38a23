import { DateTime } from 'luxon'
import { AppError } from '../../errors.ts'
import type { ConnectorRow } from '../connections.ts'
import { zoneOf } from '../connectors/dates.ts'
import type { ConnectorType, DateRange, SpendReport } from '../connectors/read-connector.ts'
import { type ReportId, readRows } from '../reports/index.ts'
import type { Store } from '../store/index.ts'
import { infoOf } from '../work/index.ts'
import { budgetsBefore } from './campaign-budgets.ts'
import { type Reason, reasonFor } from './compare.ts'

/** What our own ledger has as spent on a platform. */
export interface OwnSpend {
  readonly currency: string
  /** Micros by the platform's id of the campaign. */
  readonly byCampaign: ReadonlyMap<string, number>
}

/**
 * Looks up own spend from one instant to before another; nothing where campaigns are only given budgets. Undefined for a
 * platform whose own side is not known here.
 */
export type OwnSpendOf = (type: ConnectorType, fromMs: number, toMs: number) => Promise<OwnSpend | undefined>

/** One campaign on one day of the account; amounts in micros. */
export interface SpendLine {
  readonly date: string
  readonly campaignId: string
  readonly reported: number
  readonly own: number
  /** The highest daily budget that the campaign was given from here and that stood on that day. */
  readonly budget: number | undefined
  readonly reason: Reason
}

export interface Reconciliation {
  readonly currency: string
  readonly lines: readonly SpendLine[]
}

/** Whose spend is compared. */
export interface SpendSource {
  readonly row: ConnectorRow
  readonly type: ConnectorType
  readonly rule: SpendReport
}

/**
 * Puts what the platform reported beside our own ledger and the budgets that campaigns were given from here, for each
 * campaign of the report and each day of the account. Undefined where our own side is not known.
 *
 * @throws AppError `currency_mismatch` where the account is kept in another currency than its budget
 */
export async function reconcile(
  store: Store,
  ownSpendOf: OwnSpendOf,
  { row, type, rule }: SpendSource,
  range: DateRange,
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
    const own = await ownSpendOf(type, startMs, endMs)
    if (!own) return undefined
    if (currency !== undefined && currency !== own.currency)
      throw new AppError(
        'currency_mismatch',
        `The account is kept in ${currency}, its budget in ${own.currency}`,
      )
    const readAtMs = readings.findLast(({ start, end }) => start <= date && date <= end)?.atMs
    const readAfterMs = readAtMs === undefined ? undefined : readAtMs - endMs
    const budgets = budgetsIn(startMs, endMs)
    days.push({ date, reported: reported.get(date) ?? new Map(), own, budgets, readAfterMs })
  }
  // What is bid on the platform's other accounts is no business of this one.
  const here = new Set(days.flatMap(({ reported: day }) => [...day.keys()]))
  const ours = new Set(days.flatMap(({ own, budgets }) => [...own.byCampaign.keys(), ...budgets.keys()]))
  const lines = days.flatMap((day) => linesOf(day, { here, ours }, rule))
  return days[0] && { currency: days[0].own.currency, lines }
}

interface Day {
  readonly date: string
  readonly reported: ReadonlyMap<string, number>
  readonly own: OwnSpend
  readonly budgets: ReadonlyMap<string, number>
  readonly readAfterMs: number | undefined
}

/** Campaigns that the account's report names on any day, and those that on any day we bid on or that had a budget of ours. */
interface Campaigns {
  readonly here: ReadonlySet<string>
  readonly ours: ReadonlySet<string>
}

function linesOf(day: Day, { here, ours }: Campaigns, rule: SpendReport): SpendLine[] {
  const { date, readAfterMs } = day
  const bid = [...day.own.byCampaign.keys()].filter((campaignId) => here.has(campaignId))
  return [...new Set([...day.reported.keys(), ...bid])].map((campaignId) => {
    const reported = day.reported.get(campaignId) ?? 0
    const own = day.own.byCampaign.get(campaignId) ?? 0
    const budget = day.budgets.get(campaignId)
    const reason = reasonFor({ reported, own, budget, isOurs: ours.has(campaignId), readAfterMs }, rule)
    return { date, campaignId, reported, own, budget, reason }
  })
}

/** Micros by date and campaign, as read last. */
async function reportedSpend(
  store: Store,
  report: ReportId,
  { campaignField, micros }: SpendReport,
  range: DateRange,
): Promise<Map<string, Map<string, number>>> {
  const byDate = new Map<string, Map<string, number>>()
  for await (const rows of readRows(store, report, range)) {
    for (const row of rows) {
      const date = String(row['date']).slice(0, 10)
      const campaign = String(row[campaignField])
      const day = byDate.get(date) ?? new Map<string, number>()
      byDate.set(date, day.set(campaign, (day.get(campaign) ?? 0) + micros(row)))
    }
  }
  return byDate
}

/** When which dates were read, oldest first. */
async function readingsOf(
  store: Store,
  { connectorId, reportType }: ReportId,
  { start, end }: DateRange,
): Promise<readonly { start: string; end: string; atMs: number }[]> {
  const jobs = await store.db
    .selectFrom('fetch_jobs')
    .select(['range_start', 'range_end', 'started_at'])
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', reportType)
    .where('status', '=', 'completed')
    .where('range_start', '<=', end)
    .where('range_end', '>=', start)
    .orderBy('started_at')
    .execute()
  return jobs.map(({ range_start, range_end, started_at }) => ({
    start: range_start ?? '',
    end: range_end ?? '',
    atMs: Date.parse(started_at ?? ''),
  }))
}

/** The days of a range, from midnight to midnight where the account is. */
function* daysOf({ start, end }: DateRange, timezone: string | undefined) {
  const zone = zoneOf(timezone)
  for (let day = DateTime.fromISO(start, { zone }); ; day = day.plus({ days: 1 })) {
    const date = day.toISODate() ?? ''
    if (!day.isValid || date > end) return
    yield { date, startMs: day.toMillis(), endMs: day.plus({ days: 1 }).toMillis() }
  }
}
