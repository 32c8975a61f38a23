import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useRoute } from 'wouter'
import type { Budget } from '../../api/client.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { money, percent } from '../../ui/format.ts'
import { BarKey, LimitBar } from '../../ui/limit-bar.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { BudgetPage } from './budget-page.tsx'
import './budgets.css'

/** All budgets, or the one that the address names. */
export default function Budgets() {
  const [, params] = useRoute('/console/budgets/:scope')
  return params?.scope === undefined ? <List /> : <BudgetPage scope={decodeURIComponent(params.scope)} />
}

function List() {
  const query = useQuery(budgetsQuery)
  const [sought, setSought] = useState('')
  return (
    <>
      <div className="page-head">
        <h1>Budgets</h1>
        <p>What may be spent, by platform, campaign and in all</p>
      </div>
      <section className="card" aria-label="All budgets">
        <header>
          <label className="field search">
            <span className="sr-only">Find a budget</span>
            <input
              type="search"
              placeholder="Find a budget, such as platform:meta"
              value={sought}
              onChange={(event) => setSought(event.target.value)}
            />
          </label>
          <span className="side-note">
            <BarKey />
          </span>
        </header>
        <Answer query={query}>
          {({ budgets, next }) => (
            <>
              <Table budgets={budgets.filter(({ scope }) => scope.includes(sought.trim()))} />
              {next !== undefined && <Further sought={sought.trim()} />}
            </>
          )}
        </Answer>
      </section>
    </>
  )
}

/** Where there are more campaigns than one page of the list has: one of them is gone to by its name. */
function Further({ sought }: { sought: string }) {
  return (
    <p className="empty">
      These are the first thousand.{' '}
      {sought === '' ? (
        'Type the whole name of another above.'
      ) : (
        <Link href={`/console/budgets/${encodeURIComponent(sought)}`}>Go to {sought}</Link>
      )}
    </p>
  )
}

function Table({ budgets }: { budgets: readonly Budget[] }) {
  if (budgets.length === 0) return <Empty title="No budget has this name">Search for less of it.</Empty>
  return (
    <div className="scroll-x">
      <table className="table budgets">
        <thead>
          <tr>
            <th scope="col">Budget</th>
            <th scope="col">Limit</th>
            <th scope="col" className="use">
              Use
            </th>
            <th scope="col" className="number">
              Spent
            </th>
            <th scope="col" className="number">
              Held
            </th>
            <th scope="col" className="number">
              Free
            </th>
            <th scope="col" className="number">
              Limit is
            </th>
          </tr>
        </thead>
        <tbody>
          {budgets.map((budget) => (
            <Rows key={budget.scope} budget={budget} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Rows({ budget }: { budget: Budget }) {
  const { scope, currency, limits, paused } = budget
  const name = (
    <>
      <Link href={`/console/budgets/${encodeURIComponent(scope)}`}>{scope}</Link>{' '}
      {paused && <span className="chip danger">paused</span>}
    </>
  )
  if (limits.length === 0)
    return (
      <tr>
        <td>{name}</td>
        <td colSpan={6} className="soft">
          no limit of its own
        </td>
      </tr>
    )
  return limits.map((limit, at) => (
    <tr key={limitKey(limit)}>
      <td>{at === 0 && name}</td>
      <td className="soft">{limitName(limit)}</td>
      <td>
        <div className="use-of-limit">
          <LimitBar budget={budget} limit={limit} />
          <span className="soft">{percent(limit.utilization)}</span>
        </div>
      </td>
      <td className="number">{money(limit.spent, currency)}</td>
      <td className="number">{money(limit.held, currency)}</td>
      <td className="number">
        <strong>{money(limit.remaining, currency)}</strong>
      </td>
      <td className="number">{money(limit.max, currency)}</td>
    </tr>
  ))
}
