import { z } from 'zod'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { DateRange, ReportQuery, ReportResult } from '../platform/connector.ts'
import { numberAt, textAt } from '../platform/json.ts'
import type { Row } from '../platform/rows.ts'
import { type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import { daysOf, halvesOf, slicesOf } from '../reading/dates.ts'
import { MAX_ORDERS, orderAgainMs, waitToOrderAgain } from '../reading/order-again.ts'
import { eachPage, isFailedReport, isTooMuch, type Listed } from './pages.ts'
import { columnsOf, fieldsOf, REPORTS, rowOf } from './reports.ts'
import { type Figures, insights, orderRun, type PageOf, runResult, runStatus } from './requests.ts'

const INSIGHTS = 'insights'

/** Dates that are read together, either at once or by a report. `runId` is a report being made. */
const Piece = z.object({
  start: z.string(),
  end: z.string(),
  via: z.enum(['now', 'run']),
  runId: z.string().nullable(),
  /** Reports for these dates that were ordered and failed. */
  tries: z.int(),
  /** Milliseconds to wait before the next order. */
  waitMs: z.int().exactOptional(),
})
type Piece = z.output<typeof Piece>
/** Pieces left to read. The rows of all others are stored. */
const Resume = z.object({ left: z.array(Piece) })

const Run = z.object({ report_run_id: z.union([z.string(), z.int()]).transform(String) })

/** Longest range, in days, that is read at once; longer queries usually fail. */
const NOW_DAYS = 7
/** Longest range, in days, of one ordered report. */
const RUN_DAYS = 31
/** Rows per page. */
const PAGE = 500
/** Orders of a piece after a split: each half may be ordered this many times more. */
const ORDERS_OF_HALF = 2
/** Wait between two polls for a report, in milliseconds: the first one, doubled up to the longest one. */
const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000
/** Most polls for one report, about four hours. */
const MAX_POLLS = 240
/** Number of polls in which Meta may not find a report yet that was just ordered. */
const MAY_HIDE = 3
/** Error codes for wrong breakdowns and metrics; repeating does not help. */
const PERMANENT = new Set([1504041, 1504042])

/**
 * Reads daily figures. Dates that are too much at once are read by a report; dates that are too much for a report in
 * halves, down to a day.
 */
export function* readInsights(graph: string, query: ReportQuery): Talk<ReportResult> {
  const { account, reportType, range, fields, resume, caveats } = query
  const report = REPORTS[reportType]
  if (!report || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const columns = columnsOf(report, fields)
  const about = { accountId: account.accountId, level: report.level, fields: fieldsOf(columns) }
  const take: Take = {
    caveats,
    rowsOf: (page) => rowsOf(caveats, page, (row) => rowOf(caveats, row, columns, report)),
  }

  const all = daysOf(range)
  let left = Resume.safeParse(resume).data?.left ?? firstPieces(range)
  for (let [piece, ...rest] = left; piece !== undefined; [piece, ...rest] = left) {
    const figures = { ...about, range: { start: piece.start, end: piece.end } }
    const [before, days] = [all - daysOfAll(left), daysOf(piece)]
    const progressAt = (share: number) => (before + days * share) / all
    left =
      piece.via === 'now'
        ? yield* readNow(graph, figures, piece, rest, take)
        : yield* readRun(graph, figures, piece, rest, take, progressAt)
    if (left.length === 0) break
    yield { is: 'remember', state: { left } }
    yield { is: 'progress', share: (all - daysOfAll(left)) / all }
  }
  return { cursor: undefined, finalThrough: undefined, caveats: [] }
}

interface Take {
  readonly rowsOf: (page: readonly unknown[]) => readonly Row[]
  readonly caveats: Caveats
}

/** Reads pieces at once and returns the pieces left to read. */
function* readNow(graph: string, figures: Figures, piece: Piece, rest: Piece[], take: Take): Talk<Piece[]> {
  const came = yield* paged((page) => insights(graph, figures, page), take)
  if (came === 'whole') return rest
  return came === 'failed'
    ? [...afterFailure(piece, 'it failed'), ...rest]
    : [{ ...piece, via: 'run' }, ...rest]
}

function* readRun(
  graph: string,
  figures: Figures,
  piece: Piece,
  rest: Piece[],
  take: Take,
  progressAt: (share: number) => number,
): Talk<Piece[]> {
  const isNew = piece.runId === null
  if (isNew && piece.waitMs !== undefined) yield waitToOrderAgain(piece.waitMs)
  const ordered = piece.runId ?? (yield* order(graph, figures))
  if (typeof ordered === 'string' && isNew)
    yield { is: 'remember', state: { left: [{ ...piece, runId: ordered }, ...rest] } }
  const ended = typeof ordered === 'string' ? yield* awaited(graph, ordered, isNew, progressAt) : ordered
  const came =
    ended.is === 'made' ? yield* paged((page) => runResult(graph, ended.runId, page), take) : ended.is
  if (came === 'whole') return rest
  const reason = ended.is === 'made' ? undefined : ended.reason
  if (came === 'failed') return [...afterFailure(piece, reason ?? 'it could not be read'), ...rest]
  if (piece.start === piece.end) {
    const problem = `Meta cannot report even ${piece.start} alone: ${reason ?? 'too much data'}`
    throw came === 'stuck' ? new TalkFailed(problem) : new TalkRefused(problem)
  }
  return [...halves(piece, 0), ...rest]
}

/**
 * Plans the next try after a failure: the same order again, and after many failures halves. A day that keeps failing is
 * left for a later job.
 */
function afterFailure(piece: Piece, reason: string): Piece[] {
  const tries = piece.tries + 1
  if (tries < MAX_ORDERS) return [{ ...piece, via: 'run', runId: null, tries, waitMs: orderAgainMs(tries) }]
  if (piece.start === piece.end) throw new TalkFailed(`Meta failed to report ${piece.start}: ${reason}`)
  return halves(piece, MAX_ORDERS - ORDERS_OF_HALF)
}

const paged = (
  requestOf: (page: PageOf) => ReturnType<typeof insights>,
  { rowsOf, caveats }: Take,
): Talk<Listed> => eachPage(requestOf, INSIGHTS, PAGE, rowsOf, caveats)

type Ended =
  | { readonly is: 'made'; readonly runId: string }
  | { readonly is: 'too_much' | 'failed' | 'stuck'; readonly reason: string }

/** Orders a report and returns its id, or why none is made. */
function* order(graph: string, figures: Figures): Talk<string | Exclude<Ended, { is: 'made' }>> {
  const request = orderRun(graph, figures)
  const reply = yield { is: 'ask', request, bucket: INSIGHTS, mayRefuse: true }
  if (reply?.is === 'ok') return Run.parse(reply.body).report_run_id
  const reason = reply?.detail ?? ''
  if (isTooMuch(reason)) return { is: 'too_much', reason }
  if (isFailedReport(reason)) return { is: 'failed', reason }
  throw new TalkRefused(reason)
}

/** @param isNew the report was just ordered, so Meta may not find it yet */
function* awaited(
  graph: string,
  runId: string,
  isNew: boolean,
  progressAt: (share: number) => number,
): Talk<Ended> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const request = runStatus(graph, runId)
    const reply = yield { is: 'ask', request, bucket: INSIGHTS, mayRefuse: true }
    if (reply?.is === 'ok') {
      const status = textAt(reply.body, 'async_status') ?? ''
      const percent = numberAt(reply.body, 'async_percent_completion')
      // The status says completed while the last part is still being written; some answers have no percentage.
      if (status === 'Job Completed' && (percent ?? 100) >= 100) return { is: 'made', runId }
      if (status === 'Job Failed' || status === 'Job Skipped') return failureOf(reply.body, status)
      yield { is: 'progress', share: progressAt(Math.min(1, (percent ?? 0) / 100)) }
    } else if (!(isNew && poll < MAY_HIDE)) {
      return { is: 'failed', reason: reply?.detail ?? 'the report is gone' }
    }
    yield { is: 'wait', ms: Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** poll) }
  }
  return { is: 'stuck', reason: 'it was not ready after four hours' }
}

function failureOf(body: unknown, status: string): Ended {
  const code = numberAt(body, 'error_code')
  const subcode = numberAt(body, 'error_subcode')
  const words = textAt(body, 'error_message') ?? status
  const reason =
    code === undefined ? words : `code ${code}${subcode === undefined ? '' : `/${subcode}`}: ${words}`
  if (subcode !== undefined && PERMANENT.has(subcode)) throw new TalkRefused(reason)
  return { is: isTooMuch(reason) ? 'too_much' : 'failed', reason }
}

const firstPieces = (range: { start: string; end: string }): Piece[] => {
  const isShort = slicesOf(range, NOW_DAYS).length === 1
  return slicesOf(range, RUN_DAYS).map((slice) => ({
    ...slice,
    via: isShort ? 'now' : 'run',
    runId: null,
    tries: 0,
  }))
}

/** Number of reports that a range needs, one after the other. */
export const runsFor = (range: DateRange | undefined): number =>
  range ? firstPieces(range).filter(({ via }) => via === 'run').length : 0

const halves = (piece: Piece, tries: number): Piece[] =>
  halvesOf(piece).map((half) => ({ ...half, via: 'run', runId: null, tries }))

const daysOfAll = (pieces: readonly Piece[]): number => pieces.reduce((sum, piece) => sum + daysOf(piece), 0)
