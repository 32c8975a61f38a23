import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { Link } from 'wouter'
import type { Budget } from '../../api/client.ts'
import { auditQuery, budgetsQuery, killSwitchQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { useKillSwitch } from '../../shell/kill-switch.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { Changes } from '../../ui/changes.tsx'
import { ReasonField } from '../../ui/confirm.tsx'
import { count, duration, money, percent } from '../../ui/format.ts'
import { BarKey, LimitBar } from '../../ui/limit-bar.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { Alerts } from './alerts.tsx'
import { Approvals } from './approvals.tsx'
import { Pace } from './pace.tsx'
import './overview.css'

// It brings the charts with it, which the first paint does not wait for.
const SpendCard = lazy(() => import('./spend-over-time.tsx'))

/** Changes that are listed here; the rest are on Budgets. */
const LATEST_CHANGES = 8

/** Whether the money is safe, and whether it is being spent. */
export default function Overview() {
  const { may, isOperator } = useMay()
  return (
    <>
      <div className="page-head">
        <h1>Overview</h1>
        <p>Whether the money is safe, and whether it is being spent</p>
      </div>
      <div className="overview">
        <div className="stack">
          <Alerts />
          <Approvals />
          <Suspense fallback={<div className="card spend-wait" />}>
            <SpendCard />
          </Suspense>
          <Budgets />
        </div>
        <div className="stack">
          {isOperator && may('operate') && <KillSwitch />}
          <Pace />
          <LatestChanges />
        </div>
      </div>
    </>
  )
}

function Budgets() {
  const query = useQuery(budgetsQuery)
  return (
    <section className="card" aria-labelledby="budgets">
      <header>
        <h2 id="budgets">Budgets</h2>
        <span className="side-note">
          <BarKey />
        </span>
      </header>
      <Answer query={query}>
        {({ budgets, next }) =>
          budgets.length === 0 ? (
            <Empty title="There is no budget">Set a limit on a platform in the configuration.</Empty>
          ) : (
            <>
              <ul className="budget-rows">
                {budgets.filter(isOfInterest).map((budget) => (
                  <BudgetRow key={budget.scope} budget={budget} />
                ))}
              </ul>
              <Unlimited budgets={budgets.filter((budget) => !isOfInterest(budget))} />
              {next !== undefined && (
                <p className="empty">
                  There are more campaigns: <Link href="/console/budgets">find one on Budgets</Link>.
                </p>
              )}
            </>
          )
        }
      </Answer>
    </section>
  )
}

const isOfInterest = ({ limits, paused, overdraft }: Budget): boolean =>
  limits.length > 0 || paused || overdraft > 0

/** Budgets without a limit of their own, which those above bound, in a line. */
function Unlimited({ budgets }: { budgets: readonly Budget[] }) {
  if (budgets.length === 0) return null
  return (
    <p className="unlimited side-note">
      {count(budgets.length)} more without a limit of their own, bounded by those above:{' '}
      <Link href="/console/budgets">see them on Budgets</Link>
    </p>
  )
}

function BudgetRow({ budget }: { budget: Budget }) {
  const { scope, currency, limits, paused, pauseReason, overdraft } = budget
  return (
    <li>
      <div className="row">
        <Link href={`/console/budgets/${encodeURIComponent(scope)}`}>{scope}</Link>
        {paused && <span className="chip danger">paused{pauseReason && `: ${pauseReason}`}</span>}
        {overdraft > 0 && <span className="chip danger">overdraft {money(overdraft, currency)}</span>}
      </div>
      {limits.map((limit) => (
        <div className="limit" key={limitKey(limit)}>
          <span className="side-note">{limitName(limit)}</span>
          <LimitBar budget={budget} limit={limit} />
          <span className="number">
            <strong>{money(limit.remaining, currency)}</strong> <span className="soft">free of</span>{' '}
            {money(limit.max, currency)}
          </span>
          <span className="number soft">
            {percent(limit.utilization)}
            {limit.nextReliefMs !== undefined && limit.utilization > 0 && (
              <span className="relief">more in {duration(limit.nextReliefMs)}</span>
            )}
          </span>
        </div>
      ))}
    </li>
  )
}

function KillSwitch() {
  const query = useQuery(killSwitchQuery)
  const { mutate, isPending } = useKillSwitch()
  const [reason, setReason] = useState('')
  return (
    <section className="card" aria-labelledby="kill-switch">
      <header>
        <h2 id="kill-switch">Kill switch</h2>
        {query.data && (
          <span className={query.data.engaged ? 'chip danger' : 'chip ok'}>
            {query.data.engaged ? 'stopped' : 'bids go through'}
          </span>
        )}
      </header>
      <div className="body">
        <Answer query={query}>
          {({ engaged }) =>
            engaged ? (
              <p>Every bid is refused. The bar on top releases the stop.</p>
            ) : (
              <form
                className="stop-form"
                onSubmit={(event) => {
                  event.preventDefault()
                  mutate({ engaged: true, reason: reason.trim() || undefined })
                  setReason('')
                }}
              >
                <ReasonField value={reason} onChange={setReason} />
                <button type="submit" className="button danger" disabled={isPending}>
                  Stop with this reason
                </button>
                <p className="side-note">Refuses every bid from the next request on. It never asks.</p>
              </form>
            )
          }
        </Answer>
      </div>
    </section>
  )
}

function LatestChanges() {
  const query = useQuery(auditQuery(undefined, LATEST_CHANGES))
  return (
    <section className="card" aria-labelledby="changes">
      <header>
        <h2 id="changes">Latest changes</h2>
      </header>
      <Answer query={query}>{({ entries }) => <Changes entries={entries} showsTarget />}</Answer>
    </section>
  )
}
