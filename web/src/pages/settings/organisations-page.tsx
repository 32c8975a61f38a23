import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Budget } from '../../api/client.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { sessionQuery } from '../../api/session.ts'
import { type ApiKey, keysQuery } from '../../api/settings.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, money } from '../../ui/format.ts'
import { limitKey, limitName } from '../../ui/limit-name.ts'

interface Organisation {
  readonly number: number
  readonly keys: readonly ApiKey[]
  /** What it may spend in all; undefined for the operator's, which has no budget of its own. */
  readonly budget: Budget | undefined
  readonly campaigns: number
}

/** Whose keys, connections and campaigns belong together, and what each may spend in all. */
export function OrganisationsPage() {
  const keys = useQuery(keysQuery)
  const budgets = useQuery(budgetsQuery)
  const own = useQuery(sessionQuery).data?.organisation
  return (
    <section className="card" aria-labelledby="organisations">
      <header>
        <h2 id="organisations">Organisations</h2>
        <span className="side-note">each sees and changes nothing of another</span>
      </header>
      <Answer query={keys}>
        {({ keys: all }) => (
          <Answer query={budgets}>
            {(listed) => <Listed organisations={organisationsIn(all, listed.budgets)} own={own} />}
          </Answer>
        )}
      </Answer>
    </section>
  )
}

function organisationsIn(keys: readonly ApiKey[], budgets: readonly Budget[]): Organisation[] {
  const ofBudgets = budgets.flatMap(({ scope }) => /^org:(\d+)$/.exec(scope)?.[1] ?? [])
  const numbers = new Set([...keys.map(({ organisation }) => organisation), ...ofBudgets.map(Number)])
  return [...numbers]
    .sort((a, b) => a - b)
    .map((number) => ({
      number,
      keys: keys.filter(({ organisation, state }) => organisation === number && state === 'valid'),
      budget: budgets.find(({ scope }) => scope === `org:${number}`),
      campaigns: budgets.filter(({ scope }) => scope.startsWith('campaign:') && scope.endsWith(`@${number}`))
        .length,
    }))
}

function Listed({ organisations, own }: { organisations: readonly Organisation[]; own: number | undefined }) {
  if (organisations.length === 0)
    return (
      <Empty title="There is no organisation besides yours">
        Make a key with another number of an organisation on{' '}
        <Link href="/console/settings/keys">API keys</Link>: it begins with its first key.
      </Empty>
    )
  return (
    <div className="scroll-x">
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">Organisation</th>
            <th scope="col">May spend in all</th>
            <th scope="col" className="number">
              Valid keys
            </th>
            <th scope="col" className="number">
              Campaigns
            </th>
          </tr>
        </thead>
        <tbody>
          {organisations.map(({ number, keys, budget, campaigns }) => (
            <tr key={number}>
              <td>
                <strong>{number}</strong>{' '}
                {number === own && <span className="chip accent">the operator’s</span>}
              </td>
              <td data-of="May spend">
                {budget === undefined ? <span className="soft">—</span> : <Spend budget={budget} />}
              </td>
              <td data-of="Valid keys" className="number">
                {count(keys.length)}
              </td>
              <td data-of="Campaigns" className="number">
                {number === own ? '—' : count(campaigns)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Spend({ budget: { scope, limits, currency, paused } }: { budget: Budget }) {
  return (
    <>
      <Link href={`/console/budgets/${encodeURIComponent(scope)}`}>{scope}</Link>{' '}
      {paused && <span className="chip danger">paused</span>}
      <p className="side-note">
        {limits.length === 0
          ? 'no limit of its own: shared budgets alone bound it'
          : limits.map((one) => (
              <span key={limitKey(one)} className="limit-line">
                {money(one.remaining, currency)} free of {money(one.max, currency)} {limitName(one)}
              </span>
            ))}
      </p>
    </>
  )
}
