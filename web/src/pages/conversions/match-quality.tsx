import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { matchQualityQuery } from '../../api/conversions.ts'
import { Answer, Empty, Waiting } from '../../ui/answer.tsx'
import { count } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'

const Chart = lazy(() => import('../../ui/chart.tsx'))
const SPANS = [7, 30, 90] as const
const KEY_FIELDS = ['name']
const FIGURES = ['match_quality', 'events']

const titleOf = (figure: string): string => (figure === 'events' ? 'Events' : 'Match quality (0 to 10)')
const textOf = (_figure: string, value: unknown): string => (typeof value === 'number' ? count(value) : '—')

/** How well platforms can find the people of events, by our estimate: over time, and the latest. */
export function MatchQuality() {
  const [days, setDays] = useState<number>(SPANS[1])
  const query = useQuery(matchQualityQuery(days))
  return (
    <section className="card" aria-labelledby="match-quality">
      <header>
        <h2 id="match-quality">Match quality</h2>
        <label className="figure-choice">
          <span className="sr-only">Days</span>
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {SPANS.map((span) => (
              <option key={span} value={span}>
                {span} days
              </option>
            ))}
          </select>
        </label>
        <span className="side-note">An estimate of ours by the identifiers that events had; days of UTC</span>
      </header>
      <Answer query={query}>
        {({ days: rows }) =>
          rows.length === 0 ? (
            <Empty title="No event has come in this time">
              The more an event says of the person (email, phone, click id), the better a platform finds them.
            </Empty>
          ) : (
            <Drawn rows={rows} />
          )
        }
      </Answer>
    </section>
  )
}

interface Day {
  readonly date: string
  readonly platform: string
  readonly events: number
  readonly match_quality: number
}

function Drawn({ rows }: { rows: readonly Day[] }) {
  const named = useMemo(() => rows.map((row) => ({ ...row, name: platformName(row.platform) })), [rows])
  const latest = [...Map.groupBy(named, ({ name }) => name)].map(([name, days]) => ({
    name,
    day: days.at(-1),
  }))
  return (
    <>
      <dl className="figures body">
        {latest.map(({ name, day }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {day?.match_quality} <span className="soft">of 10 on {day?.date}</span>
            </dd>
          </div>
        ))}
      </dl>
      {/* Of one day there is no line to draw. */}
      {new Set(rows.map(({ date }) => date)).size > 1 && (
        <Suspense fallback={<Waiting />}>
          <div className="inner-chart">
            <Chart rows={named} keyFields={KEY_FIELDS} figures={FIGURES} titleOf={titleOf} textOf={textOf} />
          </div>
        </Suspense>
      )}
    </>
  )
}
