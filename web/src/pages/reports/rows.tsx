import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo } from 'react'
import type { ConnectorType } from '../../api/connections.ts'
import { type ReportRow, rowsQuery } from '../../api/reports.ts'
import { Answer, Empty, Waiting } from '../../ui/answer.tsx'
import { count, money, words } from '../../ui/format.ts'
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx'

const Chart = lazy(() => import('../../ui/chart.tsx'))

/** Width of a column, in pixels: what a date, an id of a campaign or an amount takes. */
const COLUMN_PX = 140
/** Columns that are the same in every row; they stand above the table. */
const OF_ACCOUNT = ['account_id', 'account_currency', 'account_timezone']
const MICROS = '_micros'
/** Fields of every platform that are in units of the account's currency. */
const IN_UNITS = ['spend', 'conversion_value']

interface RowsProps {
  readonly requestId: string
  /** Whether these are rows that were read before. */
  readonly isStale: boolean
  readonly report: ConnectorType['reports'][number]
  /** Currency of the account; null where it is not known. */
  readonly currency: string | null
}

/** The rows of a report as a chart and a table, with what they lack. */
export function Rows({ requestId, isStale, report, currency }: RowsProps) {
  const query = useQuery(rowsQuery(requestId, isStale))
  return (
    <Answer query={query}>
      {({ rows, caveats }) => (
        <>
          {(caveats.length > 0 || isStale) && <Caveats caveats={caveats} isStale={isStale} />}
          {rows.length === 0 ? (
            <section className="card" aria-label="Rows">
              <Empty title="The platform reports no row">
                It has no figures for this account on these days. Ask for other days, or for another account.
              </Empty>
            </section>
          ) : (
            <Shown rows={rows} report={report} currency={currency} />
          )}
        </>
      )}
    </Answer>
  )
}

function Caveats({ caveats, isStale }: { caveats: readonly string[]; isStale: boolean }) {
  return (
    <section className="card" aria-labelledby="caveats">
      <header>
        <h2 id="caveats">What these figures lack</h2>
        <span className="chip warn">{count(caveats.length + (isStale ? 1 : 0))}</span>
      </header>
      <ul className="body report-caveats">
        {isStale && <li>Data may be stale: the platform fails now, and these rows were read before.</li>}
        {caveats.map((caveat) => (
          <li key={caveat}>{caveat}</li>
        ))}
      </ul>
    </section>
  )
}

function Shown({
  rows,
  report,
  currency,
}: Omit<RowsProps, 'requestId' | 'isStale'> & { rows: readonly ReportRow[] }) {
  const names = useMemo(() => Object.keys(rows[0] ?? {}).filter((name) => !OF_ACCOUNT.includes(name)), [rows])
  const figures = useMemo(
    () =>
      names.filter((name) => !report.key.includes(name) && rows.some((row) => typeof row[name] === 'number')),
    [names, rows, report],
  )
  const columns = useMemo(
    () =>
      names.map(
        (name): Column<ReportRow> => ({
          id: name,
          title: titleOf(name),
          width: `minmax(${COLUMN_PX}px, 1fr)`,
          isNumber: figures.includes(name),
          cell: (row) => textOf(name, row[name], currency),
        }),
      ),
    [names, figures, currency],
  )
  const keyOf = (row: ReportRow) => report.key.map((name) => String(row[name])).join(' ')
  return (
    <>
      {report.key.includes('date') && figures.length > 0 && (
        <Suspense fallback={<Waiting />}>
          <Chart
            rows={rows}
            keyFields={report.key.filter((name) => name !== 'date')}
            figures={figures}
            titleOf={titleOf}
            textOf={(name, value) => textOf(name, value, currency)}
          />
        </Suspense>
      )}
      <section className="card" aria-labelledby="rows">
        <header>
          <h2 id="rows">Rows</h2>
          <span className="side-note">{count(rows.length)}</span>
        </header>
        <div className="report-rows" style={{ ['--rows-px' as string]: `${names.length * COLUMN_PX}px` }}>
          <VirtualTable label="Rows of the report" rows={rows} columns={columns} keyOf={keyOf} />
        </div>
      </section>
    </>
  )
}

/** With more decimals than counts have: a small rate must not look like none. */
const numbers = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 15 })

/** Amounts in micros are shown in units. */
const titleOf = (name: string): string => words(name.endsWith(MICROS) ? name.slice(0, -MICROS.length) : name)

function textOf(name: string, value: unknown, currency: string | null): string {
  if (value === null || value === undefined) return '—'
  if (typeof value === 'object') return JSON.stringify(value)
  if (typeof value !== 'number') return String(value)
  if (name.endsWith(MICROS)) return amount(value / 1e6, currency)
  return IN_UNITS.includes(name) ? amount(value, currency) : numbers.format(value)
}

const amount = (units: number, currency: string | null): string =>
  currency === null ? numbers.format(units) : money(units, currency)
