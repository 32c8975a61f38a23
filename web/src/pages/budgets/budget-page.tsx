import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Budget, Limit } from '../../api/client.ts'
import { budgetQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Answer } from '../../ui/answer.tsx'
import { ChangeHistory } from '../../ui/change-history.tsx'
import { duration, money, percent } from '../../ui/format.ts'
import { BarKey, LimitBar } from '../../ui/limit-bar.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { Time } from '../../ui/time.tsx'
import { mayRaise } from './change-budget.ts'
import { Holds } from './holds.tsx'
import { LimitsForm } from './limits-form.tsx'
import { PauseControl } from './pause-control.tsx'

/** One budget: what of it is used, its limits, its pause, and who has changed it. */
export function BudgetPage({ scope }: { scope: string }) {
  const query = useQuery(budgetQuery(scope))
  const { may, isOperator } = useMay()
  // An organisation changes the budgets of its campaigns and keys, and no other.
  const mayChange = may('operate') && (isOperator || /^(campaign|key):/.test(scope))
  return (
    <>
      <div className="page-head">
        <h1>{scope}</h1>
        <p>
          <Link href="/console/budgets">All budgets</Link>
        </p>
      </div>
      <Answer query={query}>
        {(budget) => (
          <div className="budget-page">
            <div className="stack">
              <Use budget={budget} />
              {mayChange && <LimitsForm key={scope} budget={budget} mayRaise={mayRaise(scope, may)} />}
            </div>
            <div className="stack">
              {mayChange && <PauseControl budget={budget} mayResume={mayRaise(scope, may)} />}
              <Holds key={scope} budget={budget} mayChange={mayChange} />
              <ChangeHistory target={scope} />
            </div>
          </div>
        )}
      </Answer>
    </>
  )
}

function Use({ budget }: { budget: Budget }) {
  return (
    <section className="card" aria-labelledby="use">
      <header>
        <h2 id="use">Use</h2>
        <span className="side-note">
          <BarKey />
        </span>
      </header>
      <div className="body stack">
        {budget.limits.length === 0 && (
          <p className="soft">
            There is no limit here: what is spent is bounded by the budgets that pay with this one alone. Add
            one below.
          </p>
        )}
        {budget.limits.map((limit) => (
          <LimitFacts key={limitKey(limit)} budget={budget} limit={limit} />
        ))}
      </div>
    </section>
  )
}

function LimitFacts({ budget, limit }: { budget: Budget; limit: Limit }) {
  const { currency, forfeited, elsewhere, overdraft } = budget
  return (
    <div className="limit-facts">
      <h3>
        {money(limit.max, currency)} {limitName(limit)}
        <span className="soft"> · {percent(limit.utilization)} used</span>
      </h3>
      <LimitBar budget={budget} limit={limit} />
      <dl className="figures">
        <Figure name="spent" value={money(limit.spent, currency)} />
        <Figure name="held" value={money(limit.held, currency)} />
        <Figure name="forfeited" value={money(forfeited?.amount ?? 0, currency)} />
        <Figure name="elsewhere" value={money(elsewhere, currency)} />
        <Figure name="free" value={money(limit.remaining, currency)} />
        {overdraft > 0 && <Figure name="overdraft" value={money(overdraft, currency)} />}
      </dl>
      {limit.nextReliefMs !== undefined && limit.utilization > 0 && (
        <p className="side-note">
          Next money comes free in {duration(limit.nextReliefMs)}, at{' '}
          <Time
            at={Date.now() + limit.nextReliefMs}
            {...(limit.timezone !== undefined && { zone: limit.timezone })}
          />
        </p>
      )}
    </div>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
