import { useMemo, useState } from 'react'
import type { SpendLine } from '../../api/reconciliation.ts'
import { money } from '../../ui/format.ts'
import { Plot, type PlotData } from '../../ui/plot.tsx'
import { byDay } from './sums.ts'

const NAMES = ['reported by the platform', 'counted here'] as const

/** Both sides of all campaigns that were bid on, day by day. */
export default function SpendChart({ lines, currency }: { lines: readonly SpendLine[]; currency: string }) {
  const [at, setAt] = useState<number | null>(null)
  const { days, sides, data } = useMemo(() => {
    const { days: all, reported, own } = byDay(lines)
    const seconds = all.map((day) => Date.parse(`${day}T00:00:00Z`) / 1_000)
    return { days: all, sides: [reported, own], data: [seconds, reported, own] satisfies PlotData }
  }, [lines])
  const day = at === null ? undefined : days[at]
  return (
    <section className="card" aria-labelledby="spend-chart">
      <header>
        <h2 id="spend-chart">Day by day</h2>
      </header>
      <div className="body stack">
        <Plot
          data={data}
          axis="days"
          label={`Spend a day by both sides, ${days[0]} to ${days.at(-1)}; the rows below have every figure`}
          onPoint={setAt}
        />
        <ul className="lines">
          {NAMES.map((name, side) => {
            const value = at === null ? undefined : sides[side]?.[at]
            return (
              <li key={name}>
                <i className={`line-${side + 1}`} />
                {name}
                {value !== undefined && <strong> {value === null ? '—' : money(value, currency)}</strong>}
              </li>
            )
          })}
          <li className="soft">{day ?? 'Point at a day to read its figures'}</li>
        </ul>
      </div>
    </section>
  )
}
