import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import type { SpendOverTime } from '../../api/client.ts'
import { type SpendPeriod, spendQuery } from '../../api/queries.ts'
import { Answer } from '../../ui/answer.tsx'
import { count, money } from '../../ui/format.ts'
import { MOST_LINES, Plot, type PlotData } from '../../ui/plot.tsx'
import { Time } from '../../ui/time.tsx'

const PERIODS: readonly (readonly [SpendPeriod, string])[] = [
  ['hour', 'the last hour'],
  ['day', 'the last day'],
  ['week', 'the last week'],
]
const BUCKETS: Readonly<Record<SpendPeriod, string>> = {
  hour: 'minute',
  day: 'quarter of an hour',
  week: 'hour',
}

/** What budgets spent in each bucket of a period, those of one currency at a time. */
export default function SpendCard({ scope }: { scope?: string }) {
  const [period, setPeriod] = useState<SpendPeriod>('hour')
  const [currency, setCurrency] = useState<string>()
  const query = useQuery(spendQuery(period, scope))
  const currencies = [...new Set(query.data?.series.map((one) => one.currency))]
  const chosen = currency !== undefined && currencies.includes(currency) ? currency : currencies[0]
  return (
    <section className="card" aria-labelledby="spend">
      <header>
        <h2 id="spend">Spend over time</h2>
        <label className="figure-choice">
          <span className="sr-only">Period</span>
          <select value={period} onChange={({ target }) => setPeriod(target.value as SpendPeriod)}>
            {PERIODS.map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
        {currencies.length > 1 && (
          <label className="figure-choice">
            <span className="sr-only">Currency</span>
            <select value={chosen} onChange={({ target }) => setCurrency(target.value)}>
              {currencies.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
        <span className="side-note">in each {BUCKETS[query.data?.period ?? period]}</span>
      </header>
      <div className="body stack spend-body">
        <Answer query={query}>{(spend) => <Drawn spend={spend} currency={chosen} />}</Answer>
      </div>
    </section>
  )
}

function Drawn({ spend, currency }: { spend: SpendOverTime; currency: string | undefined }) {
  const [at, setAt] = useState<number | null>(null)
  const { lines, left, data, times } = useMemo(() => drawn(spend, currency), [spend, currency])
  const time = at === null ? undefined : times[at]
  if (currency === undefined) return <p className="soft">There is no budget yet.</p>
  const caveats = new Set(lines.flatMap((line) => line.caveats.map(({ detail }) => detail)))
  return (
    <>
      <Plot
        data={data}
        axis="times"
        label={`Spend over time in ${currency}: ${lines.map(({ scope, total }) => `${scope} ${total === null ? 'not known in all' : money(total, currency)}`).join(', ')}`}
        onPoint={setAt}
      />
      <ul className="lines">
        {lines.map((line, number) => (
          <li key={line.scope}>
            <i className={`line-${number + 1}`} />
            {line.scope} <strong>{shown(at === null ? line.total : line.amounts[at], currency)}</strong>
          </li>
        ))}
        <li className="soft">
          {time === undefined ? (
            'in the whole period; point at a time to read its figures'
          ) : (
            <Time at={time} />
          )}
        </li>
        {left > 0 && <li className="soft">{count(left)} with less are left out</li>}
      </ul>
      {[...caveats].map((text) => (
        <p key={text} className="side-note">
          {text}.
        </p>
      ))}
    </>
  )
}

const shown = (amount: number | null | undefined, currency: string): string =>
  amount === null || amount === undefined ? '—' : money(amount, currency)

/** The lines with the most spend in all, as the chart takes them. */
function drawn({ series, from, bucketSeconds }: SpendOverTime, currency: string | undefined) {
  const sumOf = (amounts: readonly (number | null)[]) =>
    amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0)
  const all = series
    .filter((one) => one.currency === currency)
    .toSorted((a, b) => sumOf(b.amounts) - sumOf(a.amounts))
  const lines = all.slice(0, MOST_LINES)
  const fromSeconds = Date.parse(from) / 1_000
  // The last bucket is not over: its figure would look like a fall.
  const whole = (amounts: readonly (number | null)[] = []) => amounts.slice(0, -1)
  const seconds = whole(series[0]?.amounts).map((_, at) => fromSeconds + at * bucketSeconds)
  return {
    lines,
    left: all.length - lines.length,
    times: seconds.map((second) => second * 1_000),
    data: [seconds, ...lines.map(({ amounts }) => whole(amounts))] satisfies PlotData,
  }
}
