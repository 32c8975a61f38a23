import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Budget, Limit } from '../../api/client.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { money, percent } from '../../ui/format.ts'
import { limitKey, limitName } from '../../ui/limit-name.ts'

/** Day limits that are listed, those that are furthest ahead of their day first. */
const MOST = 8
/** A share of the limit that is so much above that of the day is ahead of it. */
const AHEAD = 0.1

/** How much of a day's limit is spent beside how much of the day has gone. */
export function Pace() {
  const query = useQuery(budgetsQuery)
  return (
    <section className="card" aria-labelledby="pace">
      <header>
        <h2 id="pace">Pace</h2>
        <span className="side-note">spent beside the day that has gone</span>
      </header>
      <Answer query={query}>{({ budgets }) => <Rows budgets={budgets} />}</Answer>
    </section>
  )
}

interface Paced {
  readonly budget: Budget
  readonly limit: Limit
  readonly spent: number
  readonly gone: number
}

function Rows({ budgets }: { budgets: readonly Budget[] }) {
  const paced = budgets
    .flatMap((budget) =>
      budget.limits.flatMap((limit): Paced[] =>
        limit.gone === undefined || limit.max === 0
          ? []
          : [{ budget, limit, spent: limit.spent / limit.max, gone: limit.gone }],
      ),
    )
    .toSorted((a, b) => b.spent - b.gone - (a.spent - a.gone))
  if (paced.length === 0)
    return (
      <Empty title="No budget has a limit of a day">
        Only such a limit has a beginning and an end to compare with.{' '}
        <Link href="/console/budgets">Set one</Link>.
      </Empty>
    )
  return (
    <ul className="pace-rows">
      {paced.slice(0, MOST).map((one) => (
        <PaceRow key={`${one.budget.scope} ${limitKey(one.limit)}`} paced={one} />
      ))}
    </ul>
  )
}

function PaceRow({ paced: { budget, limit, spent, gone } }: { paced: Paced }) {
  const said = `${percent(spent)} spent, ${percent(gone)} of the day gone`
  return (
    <li>
      <div className="row">
        <Link href={`/console/budgets/${encodeURIComponent(budget.scope)}`}>{budget.scope}</Link>
        {spent >= gone + AHEAD && <span className="chip warn">ahead of the day</span>}
      </div>
      <div className="pace" role="img" aria-label={said} title={said}>
        <div className="spent" style={{ width: `${Math.min(100, 100 * spent)}%` }} />
        <i style={{ left: `${100 * gone}%` }} />
      </div>
      <p className="soft">
        {said}; {money(limit.spent, budget.currency)} of {money(limit.max, budget.currency)}{' '}
        {limitName(limit)}
      </p>
    </li>
  )
}
