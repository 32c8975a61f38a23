import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { Connection } from '../../api/connections.ts'
import {
  type Reason,
  type Reconciliation,
  reconciliationQuery,
  type SpendLine,
} from '../../api/reconciliation.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty, Waiting } from '../../ui/answer.tsx'
import type { Days } from '../../ui/days.ts'
import { count, money } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { SyncNow } from '../../ui/sync-now.tsx'
import { Time } from '../../ui/time.tsx'
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx'
import { isReason, REASONS } from './reasons.ts'
import { byReason, type Sum, sumOf } from './sums.ts'

const SpendChart = lazy(() => import('./spend-chart.tsx'))

/** Both sides of an account over some days. */
export function Comparison({ connection, days }: { connection: Connection; days: Days }) {
  const query = useQuery(reconciliationQuery(connection.id, days))
  return (
    <>
      <Age connection={connection} />
      <Answer query={query}>
        {(found) =>
          found.days.length === 0 ? <NothingSpent connection={connection} /> : <Found found={found} />
        }
      </Answer>
    </>
  )
}

/** How old the platform's side is, and whether it may be stale. */
function Age({ connection }: { connection: Connection }) {
  const { type, status, health, last_sync_at, timezone, id } = connection
  const { may } = useMay()
  const isAway = status !== 'connected'
  const isStale = isAway || health.status !== 'healthy' || last_sync_at === null
  return (
    <section className={isStale ? 'card body row stale-box' : 'card body row'} aria-label="Age of the data">
      <p className="grow">
        {isStale && <strong>Data may be stale: </strong>}
        {isAway ? (
          <>
            {platformName(type)} is not connected.{' '}
            <Link href={`/console/integrations/${id}`}>Please reconnect your account</Link>.{' '}
          </>
        ) : (
          health.status !== 'healthy' && <>{platformName(type)} fails now; it is tried again by itself. </>
        )}
        {last_sync_at === null ? (
          'What it reports was never read.'
        ) : (
          <>
            What it reports was read <Time at={last_sync_at} {...(timezone !== null && { zone: timezone })} />
            .
          </>
        )}
      </p>
      {may('connect') && <SyncNow connection={connection} />}
    </section>
  )
}

function NothingSpent({ connection }: { connection: Connection }) {
  return (
    <section className="card">
      <Empty title="Neither side has spend on these days">
        {connection.last_sync_at === null
          ? 'Read the account first: press Sync now above, or set a schedule on Integrations.'
          : 'Choose other days, or read the account again.'}
      </Empty>
    </section>
  )
}

function Found({ found: { currency, days: lines, caveats } }: { found: Reconciliation }) {
  const ours = useMemo(() => lines.filter(({ reason }) => reason !== 'not_ours'), [lines])
  return (
    <>
      <Totals sum={sumOf(ours)} currency={currency} />
      {caveats.map((caveat) => (
        <p key={caveat} className="card body">
          {caveat}
        </p>
      ))}
      <Reasons lines={lines} currency={currency} />
      {ours.length > 0 && (
        <Suspense fallback={<Waiting />}>
          <SpendChart lines={ours} currency={currency} />
        </Suspense>
      )}
      <Lines lines={lines} currency={currency} />
    </>
  )
}

function Totals({ sum, currency }: { sum: Sum; currency: string }) {
  const { reported, own, lines, missing } = sum
  return (
    <section className="card" aria-labelledby="totals">
      <header>
        <h2 id="totals">Campaigns that were bid on</h2>
        <span className="side-note">
          {missing > 0 &&
            `without ${count(missing)} of ${count(lines)} days of campaigns that the platform has no figure for`}
        </span>
      </header>
      <dl className="body totals">
        <div>
          <dt>reported by the platform</dt>
          <dd>{money(reported, currency)}</dd>
        </div>
        <div>
          <dt>counted here</dt>
          <dd>{money(own, currency)}</dd>
        </div>
        <div>
          <dt>difference</dt>
          <dd>{signed(reported - own, currency)}</dd>
        </div>
      </dl>
    </section>
  )
}

/** With its sign: above zero the platform spent more than was counted. */
function signed(difference: number, currency: string): string {
  const rounded = Math.round(difference * 1e6) / 1e6
  return `${rounded > 0 ? '+' : ''}${money(rounded, currency)}`
}

function Reasons({ lines, currency }: { lines: readonly SpendLine[]; currency: string }) {
  return (
    <section className="card" aria-labelledby="reasons">
      <header>
        <h2 id="reasons">Why they differ</h2>
      </header>
      <div className="scroll-x">
        <table className="table stacks">
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col">What it means</th>
              <th scope="col" className="number">
                Days of campaigns
              </th>
              <th scope="col" className="number">
                Difference
              </th>
            </tr>
          </thead>
          <tbody>
            {byReason(lines).map(([reason, { reported, own, lines: days }]) => (
              <tr key={reason}>
                <td>
                  <ReasonChip reason={reason} />
                </td>
                <td data-of="Means">{REASONS[reason].means}</td>
                <td data-of="Days of campaigns" className="number">
                  {count(days)}
                </td>
                <td data-of="Difference" className="number">
                  {signed(reported - own, currency)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function ReasonChip({ reason }: { reason: Reason }) {
  const { name, tone } = REASONS[reason]
  return <span className={`chip ${tone}`}>{name}</span>
}

function Lines({ lines, currency }: { lines: readonly SpendLine[]; currency: string }) {
  const [chosen, setChosen] = useState<Reason>()
  const shown = useMemo(
    () => lines.filter(({ reason }) => chosen === undefined || reason === chosen).toReversed(),
    [lines, chosen],
  )
  const columns = useMemo(() => columnsIn(currency), [currency])
  return (
    <section className="card" aria-labelledby="lines">
      <header>
        <h2 id="lines">By campaign and day</h2>
        <label className="figure-choice">
          <span className="sr-only">Reason</span>
          <select
            value={chosen ?? ''}
            onChange={({ target: { value } }) => setChosen(isReason(value) ? value : undefined)}
          >
            <option value="">every reason</option>
            {byReason(lines).map(([reason]) => (
              <option key={reason} value={reason}>
                {REASONS[reason].name}
              </option>
            ))}
          </select>
        </label>
        <span className="side-note">{count(shown.length)}</span>
      </header>
      <div className="reconciled">
        <VirtualTable
          label="Spend by campaign and day"
          rows={shown}
          columns={columns}
          keyOf={({ date, campaign_id }) => `${date} ${campaign_id}`}
        />
      </div>
    </section>
  )
}

function columnsIn(currency: string): Column<SpendLine>[] {
  const orNone = (amount: number | null) => (amount === null ? '—' : money(amount, currency))
  return [
    { id: 'date', title: 'Day', width: '110px', cell: ({ date }) => date },
    {
      id: 'campaign',
      title: 'Campaign',
      width: 'minmax(160px, 1fr)',
      cell: ({ campaign_id }) => campaign_id,
    },
    {
      ...{ id: 'reported', title: 'Reported', width: '120px', isNumber: true },
      cell: ({ reported }) => orNone(reported),
    },
    { id: 'own', title: 'Counted here', width: '120px', isNumber: true, cell: ({ own }) => orNone(own) },
    {
      ...{ id: 'difference', title: 'Difference', width: '120px', isNumber: true },
      cell: ({ difference }) => (difference === null ? '—' : signed(difference, currency)),
    },
    {
      ...{ id: 'budget', title: 'Daily budget', width: '120px', isNumber: true },
      cell: ({ budget }) => orNone(budget),
    },
    { id: 'reason', title: 'Reason', width: '170px', cell: ({ reason }) => <ReasonChip reason={reason} /> },
  ]
}
