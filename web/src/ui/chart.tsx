import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { count } from './format.ts'
import './chart.css'

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

/** Most lines that can be told apart; as many colours are in `chart.css`. */
const MOST_LINES = 6
const HEIGHT_PX = 240

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
  const data: uPlot.AlignedData = [seconds, ...lines.map(({ values }) => values)]
  return { lines, days, data, left: byName.size - lines.length }
}

interface PlotProps {
  readonly data: uPlot.AlignedData
  /** How much of the figure is one on the axis: a million where it is in micros. */
  readonly unit: number
  /** Says to a screen reader what is drawn. */
  readonly label: string
  /** Told the place of the day that is pointed at; null for none. */
  onPoint(at: number | null): void
}

/** Colours come from the style sheet at each drawing, so that they follow the theme. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name)

function Plot({ data, unit, label, onPoint }: PlotProps) {
  const root = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = root.current
    if (element === null) return undefined
    const plot = new uPlot(
      { ...optionsFor(data.length - 1, unit, onPoint), width: element.clientWidth },
      data,
      element,
    )
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    resized.observe(element)
    const themed = new MutationObserver(() => plot.redraw(false, true))
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => {
      resized.disconnect()
      themed.disconnect()
      plot.destroy()
    }
  }, [data, unit, onPoint])
  return <div ref={root} className="plot" role="img" aria-label={label} />
}

function optionsFor(
  lines: number,
  unit: number,
  onPoint: PlotProps['onPoint'],
): Omit<uPlot.Options, 'width'> {
  const axis: uPlot.Axis = {
    stroke: () => colour('--ink-soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { stroke: () => colour('--line'), width: 1 },
  }
  return {
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    // Days are those of the account and have no hour.
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
    axes: [
      { ...axis, space: 70, incrs: DAY_STEPS, values: (_, ticks) => ticks.map(dayName) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => shortNumbers.format(tick / unit)) },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, line) => ({
        stroke: () => colour(`--line-${line + 1}`),
        width: 2,
        points: { size: 5 },
      })),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)] },
  }
}

const DAY_SECONDS = 86_400
const DAY_STEPS = [1, 2, 3, 7, 14, 30, 90, 180, 365].map((days) => days * DAY_SECONDS)
const shortNumbers = new Intl.NumberFormat(undefined, { notation: 'compact' })
const dayNames = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayName = (seconds: number): string => dayNames.format(seconds * 1_000)
