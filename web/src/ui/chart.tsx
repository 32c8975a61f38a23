import { useMemo, useState } from 'react'
import { count } from './format.ts'
import { MOST_LINES, Plot, type PlotData } from './plot.tsx'

/** What each of its columns holds; `date` is the day. */
type DatedRow = Readonly<Record<string, unknown>>

interface ChartProps {
  readonly rows: readonly DatedRow[]
  /** Fields that name a row, besides its date. */
  readonly keyFields: readonly string[]
  /** Fields that hold numbers. */
  readonly figures: readonly string[]
  titleOf(figure: string): string
  textOf(figure: string, value: unknown): string
}

/** A figure over its days: a line for each campaign or whatever else the rows are of. Nothing is added up. */
export default function Chart({ rows, keyFields, figures, titleOf, textOf }: ChartProps) {
  const [chosen, setChosen] = useState(figures[0] ?? '')
  const [at, setAt] = useState<number | null>(null)
  const { lines, days, data, left } = useMemo(() => drawn(rows, keyFields, chosen), [rows, keyFields, chosen])
  const day = at === null ? undefined : days[at]
  return (
    <section className="card" aria-labelledby="chart">
      <header>
        <h2 id="chart">Over time</h2>
        <label className="figure-choice">
          <span className="sr-only">Figure</span>
          <select value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {figures.map((name) => (
              <option key={name} value={name}>
                {titleOf(name)}
              </option>
            ))}
          </select>
        </label>
        <span className="side-note">
          {left > 0 && `the ${count(lines.length)} with the most, of ${count(lines.length + left)}`}
        </span>
      </header>
      <div className="body stack">
        <Plot
          data={data}
          axis="days"
          unit={chosen.endsWith('_micros') ? 1e6 : 1}
          label={`${titleOf(chosen)} a day, ${days[0]} to ${days.at(-1)}; the rows below have every figure`}
          onPoint={setAt}
        />
        <ul className="lines">
          {lines.map((line, number) => (
            <li key={line.name}>
              <i className={`line-${number + 1}`} />
              {line.name}
              {at !== null && <strong> {textOf(chosen, line.values[at])}</strong>}
            </li>
          ))}
          <li className="soft">{day ?? 'Point at a day to read its figures'}</li>
        </ul>
      </div>
    </section>
  )
}

interface Line {
  readonly name: string
  /** A value for each day; null where the platform reports none. */
  readonly values: (number | null)[]
}

function drawn(rows: readonly DatedRow[], keyFields: readonly string[], figure: string) {
  const days = [...new Set(rows.map((row) => String(row['date'])))].sort()
  const places = new Map(days.map((day, place) => [day, place]))
  const byName = new Map<string, { values: (number | null)[]; sum: number }>()
  for (const row of rows) {
    const name = keyFields.map((field) => String(row[field])).join(' · ') || figure
    let line = byName.get(name)
    if (!line) {
      line = { values: days.map(() => null), sum: 0 }
      byName.set(name, line)
    }
    const value = row[figure]
    const place = places.get(String(row['date']))
    if (typeof value !== 'number' || place === undefined) continue
    line.values[place] = value
    line.sum += Math.abs(value)
  }
  const most = [...byName].sort(([, a], [, b]) => b.sum - a.sum).slice(0, MOST_LINES)
  const lines = most.map(([name, { values }]): Line => ({ name, values }))
  const seconds = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1_000)
  const data: PlotData = [seconds, ...lines.map(({ values }) => values)]
  return { lines, days, data, left: byName.size - lines.length }
}
