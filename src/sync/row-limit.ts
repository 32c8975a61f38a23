import { randomUUID } from 'node:crypto'
import { type Clock, isoTime } from '../time/clock.ts'
import {
  countInSlices,
  forgetGroup,
  oldestDate,
  type ReportId,
  type RowGroup,
  reportsWithRows,
} from './reports/index.ts'
import { OPEN_JOB_STATUSES, type Store } from './store/index.ts'

interface CountedReport extends ReportId {
  readonly orgId: number
  readonly rows: number
  /** When the count began. */
  readonly countedAt: string
}

const nameOf = ({ connectorId, reportType }: ReportId): string => `${connectorId} ${reportType}`

/** How long one process alone deletes rows before another may, in milliseconds. */
const TURN_MS = 600_000
/** Later than every time, where times are compared as text. */
const LATER_THAN_ALL = '~'

/**
 * Keeps the rows of reports of each organisation within a limit. The oldest days go first, whole days of one report. Rows
 * without a date are as old as the last reading of their report. Nothing of a report goes while a job of it runs.
 */
export class RowLimit {
  readonly #store: Store
  readonly #clock: Clock
  readonly #most: number
  readonly #me = randomUUID()
  /** Counts that are valid until a job of the report has run. */
  readonly #counts = new Map<string, CountedReport>()

  /** @param most rows of an organisation */
  constructor(store: Store, clock: Clock, most: number) {
    this.#store = store
    this.#clock = clock
    this.#most = most
  }

  /** Deletes rows where an organisation has too many. Returns the rows of the organisation that has most. */
  async enforce(): Promise<number> {
    const orgs = await this.#count()
    let most = 0
    for (const reports of orgs.values()) {
      let rows = sumOf(reports)
      if (rows > this.#most && (await this.#isMyTurn())) rows = await this.#shorten(reports)
      most = Math.max(most, rows)
    }
    return most
  }

  /** Reports by organisation. Only those of which a job has run since are counted again. */
  async #count(): Promise<Map<number, CountedReport[]>> {
    const { db } = this.#store
    const orgOf = new Map(
      (await db.selectFrom('connectors').select(['id', 'org_id']).execute()).map(({ id, org_id }) => [
        id,
        org_id,
      ]),
    )
    const oldest = [...this.#counts.values()].reduce(
      (time, one) => (one.countedAt < time ? one.countedAt : time),
      LATER_THAN_ALL,
    )
    const changed = await this.#changedSince(oldest)
    const orgs = new Map<number, CountedReport[]>()
    const seen = new Set<string>()
    for await (const report of reportsWithRows(this.#store)) {
      const orgId = orgOf.get(report.connectorId)
      if (orgId === undefined) continue
      const known = this.#counts.get(nameOf(report))
      const changedAt = changed.get(nameOf(report))
      const isValid = known && (changedAt === undefined || changedAt < known.countedAt)
      const counted = isValid ? known : await this.#countOne(report, orgId)
      seen.add(nameOf(report))
      orgs.set(orgId, [...(orgs.get(orgId) ?? []), counted])
    }
    for (const name of this.#counts.keys()) if (!seen.has(name)) this.#counts.delete(name)
    return orgs
  }

  async #countOne(report: ReportId, orgId: number): Promise<CountedReport> {
    const countedAt = isoTime(this.#clock.nowMs())
    const counted = { ...report, orgId, rows: await countInSlices(this.#store, report), countedAt }
    this.#counts.set(nameOf(report), counted)
    return counted
  }

  /** Reports with a job that is open or has ended since a time, and when the last one ended: {@link LATER_THAN_ALL} while one is open. */
  async #changedSince(since: string): Promise<Map<string, string>> {
    if (since === LATER_THAN_ALL) return new Map()
    const jobs = await this.#store.db
      .selectFrom('fetch_jobs')
      .select(['connector_id as connectorId', 'report_type as reportType', 'finished_at'])
      .where('claim', '>', 0)
      .where(({ eb, or }) => or([eb('status', 'in', OPEN_JOB_STATUSES), eb('finished_at', '>=', since)]))
      .execute()
    const changed = new Map<string, string>()
    for (const { finished_at, ...report } of jobs) {
      const at = finished_at ?? LATER_THAN_ALL
      if (at > (changed.get(nameOf(report)) ?? '')) changed.set(nameOf(report), at)
    }
    return changed
  }

  /** Whether this process may delete rows: two processes that counted the same rows would both delete the surplus. */
  async #isMyTurn(): Promise<boolean> {
    const { db } = this.#store
    const nowMs = this.#clock.nowMs()
    const value = `${isoTime(nowMs + TURN_MS)} ${this.#me}`
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('notes')
      .values({ name: 'forgets_rows', value })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ value })
          .where(({ eb, or }) =>
            or([eb('notes.value', '<', isoTime(nowMs)), eb('notes.value', 'like', `%${this.#me}`)]),
          ),
      )
      .executeTakeFirst()
    return numInsertedOrUpdatedRows !== undefined && numInsertedOrUpdatedRows > 0n
  }

  /** Deletes the oldest days of an organisation's reports until few enough rows are left. Returns how many those are. */
  async #shorten(reports: readonly CountedReport[]): Promise<number> {
    // Another process may have deleted rows since they were counted.
    const counted: CountedReport[] = []
    for (const report of reports) counted.push(await this.#countOne(report, report.orgId))
    let rows = sumOf(counted)
    const ages = new Map<ReportId, Aged>()
    for (const report of counted) await this.#putOldest(ages, report)
    while (rows > this.#most) {
      const [oldest] = [...ages].toSorted(([, a], [, b]) => (a.age < b.age ? -1 : 1))
      if (!oldest) return rows
      const [report, { group }] = oldest
      const forgotten = await forgetGroup(this.#store, this.#clock, group)
      rows -= forgotten
      const before = this.#counts.get(nameOf(report))
      if (before) this.#counts.set(nameOf(report), { ...before, rows: before.rows - forgotten })
      ages.delete(report)
      // A report in use, of which nothing was deleted, is left out until the next time.
      if (forgotten > 0) await this.#putOldest(ages, report)
    }
    return rows
  }

  async #putOldest(ages: Map<ReportId, Aged>, report: ReportId): Promise<void> {
    const { db } = this.#store
    const date = await oldestDate(this.#store, report)
    const of = { connectorId: report.connectorId, reportType: report.reportType }
    const undated = await db
      .selectFrom('report_rows')
      .select('row_key')
      .where('connector_id', '=', report.connectorId)
      .where('report_type', '=', report.reportType)
      .where('date', '=', '')
      .limit(1)
      .executeTakeFirst()
    if (!undated) {
      if (date !== undefined) ages.set(report, { age: date, group: { ...of, date } })
      return
    }
    const last = await db
      .selectFrom('fetch_jobs')
      .select((s) => s.fn.max('finished_at').as('at'))
      .where('connector_id', '=', report.connectorId)
      .where('report_type', '=', report.reportType)
      .where('status', '=', 'completed')
      .executeTakeFirst()
    const readAt = last?.at?.slice(0, 10) ?? ''
    const isDated = date !== undefined && date <= readAt
    ages.set(report, { age: isDated ? date : readAt, group: { ...of, date: isDated ? date : '' } })
  }
}

/** The oldest rows of a report, and the day that tells their age. */
interface Aged {
  readonly age: string
  readonly group: RowGroup
}

const sumOf = (reports: readonly CountedReport[]): number => reports.reduce((sum, { rows }) => sum + rows, 0)
