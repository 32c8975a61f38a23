import type { Verdict } from './outside.ts'

/** What came of killing the service so many times. Money in micros. */
export interface Report extends Verdict {
  readonly store: string
  readonly rounds: number
  readonly kills: number
  /** Bids on platforms that were answered with 200. */
  readonly acknowledged: number
  /** Auctions that the exchange charged. */
  readonly won: number
  readonly answers: ReadonlyMap<string, number>
  readonly forgotten: number
  readonly limitsLost: number
  /** Of the latest acknowledged bids: those without a decision record at the end. */
  readonly recordsLost: number
  /** Of the limits under load: how much of them, on average, dead processes kept from being used. */
  readonly forfeitedShare: number
  /** `right`, or what `ledger verify` finds. */
  readonly ledger: string
}

const COLUMNS: readonly (readonly [string, (report: Report) => string])[] = [
  ['store', ({ store }) => store],
  ['rounds', ({ rounds }) => String(rounds)],
  ['kills', ({ kills }) => String(kills)],
  ['bids acknowledged', ({ acknowledged }) => String(acknowledged)],
  ['auctions charged', ({ won }) => String(won)],
  ['highest window', ({ highest }) => percent(highest)],
  ['overspend', ({ overspent }) => units(overspent)],
  ['forgotten', ({ forgotten }) => units(forgotten)],
  ['unknown to the platform', ({ unknown }) => String(unknown)],
  ['limits lost', ({ limitsLost }) => String(limitsLost)],
  ['records lost', ({ recordsLost }) => String(recordsLost)],
  ['forfeited', ({ forfeitedShare }) => percent(forfeitedShare)],
  ['late bills', ({ lateBills }) => String(lateBills)],
  ['ledger', ({ ledger }) => ledger],
]

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
const units = (micros: number): string => `$${(micros / 1e6).toFixed(2)}`

/** The reports as a table of Markdown. */
export function tableOf(reports: readonly Report[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const head = COLUMNS.map(([name]) => name)
  return [
    row(head),
    row(head.map(() => '---')),
    ...reports.map((report) => row(COLUMNS.map(([, cell]) => cell(report)))),
  ].join('')
}
