import { z } from 'zod'
import { numberAt, textAt } from '../../../platforms/index.ts'
import { rowsOf } from '../caveats.ts'
import { dayAfter, slicesOf } from '../dates.ts'
import {
  ask,
  type ReadTalk,
  type ReportQuery,
  type ReportResult,
  type Row,
  TalkRefused,
} from '../read-connector.ts'
import { eachPage, isTooMuch, type Listed } from './pages.ts'
import { columnsOf, fieldsOf, REPORTS, rowOf } from './reports.ts'
import { type Figures, insights, orderRun, type PageOf, runResult, runStatus } from './requests.ts'

export const INSIGHTS = 'insights'

/** Dates that are read together: at once, or by a report that Meta makes meanwhile. `runId` is one under way. */
const Piece = z.object({
  start: z.string(),
  end: z.string(),
  via: z.enum(['now', 'run']),
  runId: z.string().nullable(),
  tries: z.int(),
})
type Piece = z.output<typeof Piece>
/** What is left to read: rows of what is not listed any more are stored. */
const Resume = z.object({ left: z.array(Piece) })

const Run = z.object({ report_run_id: z.union([z.string(), z.int()]).transform(String) })

/** Longer questions are not answered at once as a rule. */
const NOW_DAYS = 7
const RUN_DAYS = 31
const PAGE = 500
const MAX_TRIES = 2
const FIRST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000
/** Some four hours. */
const MAX_POLLS = 240
/** Looks after which a report that was just ordered must be there. */
const MAY_HIDE = 3
/** Wrong breakdowns, wrong metrics: however often it is asked. */
const PERMANENT = new Set([1504041, 1504042])

/**
 * Figures by day. What is too much at once becomes a report, what is too much for a report two halves, down to a day.
 */
export function* readInsights(graph: string, query: ReportQuery): ReadTalk<ReportResult> {
  const { account, reportType, range, fields, resume, caveats } = query
  const report = REPORTS[reportType]
  if (!report || !range) throw new TalkRefused(`there is no report ${reportType} without dates`)
  const columns = columnsOf(report, fields)
  const about = { accountId: account.accountId, level: report.level, fields: fieldsOf(columns) }
  const take: Take = (page) => rowsOf(caveats, page, (row) => rowOf(caveats, row, columns, report))

  const all = slicesOf(range, 1).length
  let left = Resume.safeParse(resume).data?.left ?? firstPieces(range)
  for (let [piece, ...rest] = left; piece !== undefined; [piece, ...rest] = left) {
    const figures = { ...about, range: { start: piece.start, end: piece.end } }
    const [before, days] = [all - daysOf(left), daysOf([piece])]
    const progressAt = (share: number) => (before + days * share) / all
    left =
      piece.via === 'now'
        ? yield* readNow(graph, figures, piece, rest, take)
        : yield* readRun(graph, figures, piece, rest, take, progressAt)
    if (left.length === 0) break
    yield { is: 'remember', state: { left } }
    yield { is: 'progress', share: (all - daysOf(left)) / all }
  }
  return { cursor: undefined, finalThrough: undefined, caveats: [] }
}

type Take = (page: readonly unknown[]) => readonly Row[]

/** Returns what is left to read. */
function* readNow(
  graph: string,
  figures: Figures,
  piece: Piece,
  rest: Piece[],
  take: Take,
): ReadTalk<Piece[]> {
  const came = yield* paged((page) => insights(graph, figures, page), take)
  return came === 'whole' ? rest : [{ ...piece, via: 'run' }, ...rest]
}

function* readRun(
  graph: string,
  figures: Figures,
  piece: Piece,
  rest: Piece[],
  take: Take,
  progressAt: (share: number) => number,
): ReadTalk<Piece[]> {
  const isNew = piece.runId === null
  const runId = piece.runId ?? Run.parse(yield* ask(orderRun(graph, figures), INSIGHTS)).report_run_id
  if (isNew) yield { is: 'remember', state: { left: [{ ...piece, runId }, ...rest] } }
  const ended = yield* awaited(graph, runId, isNew, progressAt)
  const came = ended.is === 'made' ? yield* paged((page) => runResult(graph, runId, page), take) : ended.is
  if (came === 'whole') return rest
  const again = { ...piece, runId: null, tries: piece.tries + 1 }
  if (came === 'failed' && again.tries < MAX_TRIES) return [again, ...rest]
  if (piece.start === piece.end) {
    const reason = ended.is === 'made' ? 'too much data' : ended.reason
    throw new TalkRefused(`Meta cannot report even ${piece.start} alone: ${reason}`)
  }
  return [...halvesOf(piece), ...rest]
}

const paged = (requestOf: (page: PageOf) => ReturnType<typeof insights>, take: Take): ReadTalk<Listed> =>
  eachPage(requestOf, INSIGHTS, PAGE, take)

type Ended = { readonly is: 'made' } | { readonly is: 'too_much' | 'failed'; readonly reason: string }

/** @param isNew ordered just now, so that Meta may not find it yet */
function* awaited(
  graph: string,
  runId: string,
  isNew: boolean,
  progressAt: (share: number) => number,
): ReadTalk<Ended> {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const request = runStatus(graph, runId)
    const reply = yield { is: 'ask', request, bucket: INSIGHTS, mayRefuse: true }
    if (reply?.is === 'ok') {
      const status = textAt(reply.body, 'async_status') ?? ''
      const percent = numberAt(reply.body, 'async_percent_completion') ?? 0
      // Complete is said while the last part is still written.
      if (status === 'Job Completed' && percent >= 100) return { is: 'made' }
      if (status === 'Job Failed' || status === 'Job Skipped') return failureOf(reply.body, status)
      yield { is: 'progress', share: progressAt(Math.min(1, percent / 100)) }
    } else if (!(isNew && poll < MAY_HIDE)) {
      return { is: 'failed', reason: reply?.detail ?? 'the report is gone' }
    }
    yield { is: 'wait', ms: Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** poll) }
  }
  return { is: 'failed', reason: 'it was not ready after four hours' }
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

function halvesOf({ start, end }: Piece): Piece[] {
  const days = slicesOf({ start, end }, 1)
  const middle = days[Math.ceil(days.length / 2) - 1]?.start ?? start
  const fresh = { via: 'run', runId: null, tries: 0 } as const
  return [
    { start, end: middle, ...fresh },
    { start: dayAfter(middle), end, ...fresh },
  ]
}

const daysOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((sum, piece) => sum + slicesOf(piece, 1).length, 0)
