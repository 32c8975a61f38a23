import { useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'wouter'
import { type Connection, connectionsQuery, connectorTypesQuery } from '../../api/connections.ts'
import { accountName } from '../../ui/account-name.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { type Days, lastDays } from '../../ui/days.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Comparison } from './comparison.tsx'
import './reconciliation.css'

/** What platforms report as spent, beside what was bid. */
export default function ReconciliationPage() {
  const connections = useQuery(connectionsQuery)
  const types = useQuery(connectorTypesQuery)
  return (
    <>
      <div className="page-head">
        <h1>Reconciliation</h1>
        <p>What platforms report as spent, beside what was bid from here, and why they differ</p>
      </div>
      <Answer query={connections}>
        {({ connectors }) => (
          <Answer query={types}>
            {(known) => {
              const reporting = new Set(
                known.types.filter(({ spend_report }) => spend_report !== null).map(({ type }) => type),
              )
              const compared = connectors.filter(({ type }) => reporting.has(type))
              return <Chosen connections={compared.sort((a, b) => rank(a) - rank(b))} />
            }}
          </Answer>
        )}
      </Answer>
    </>
  )
}

/** Where nothing is bid but campaigns get budgets, there is least to compare. */
const rank = ({ type }: Connection): number => (type === 'DV360' ? 1 : 0)

/** The account and the days stand in the address, so that they can be given to others. */
function Chosen({ connections }: { connections: readonly Connection[] }) {
  const [search, setSearch] = useSearchParams()
  const connection = connections.find(({ id }) => id === search.get('account')) ?? connections[0]
  if (!connection)
    return (
      <section className="card">
        <Empty title="No account that reports spend is connected">
          Connect one on <Link href="/console/integrations">Integrations</Link>: its spend is compared once it
          was read.
        </Empty>
      </section>
    )
  const usual = lastDays(connection.timezone, 'today')
  const days: Days = { start: search.get('start') ?? usual.start, end: search.get('end') ?? usual.end }
  const set = (part: Record<string, string>) =>
    setSearch({ account: connection.id, ...days, ...part }, { replace: true })
  return (
    <div className="stack">
      <section className="card body" aria-label="What is compared">
        <div className="fields">
          <label className="field account-field">
            <span>Account</span>
            <select value={connection.id} onChange={(event) => set({ account: event.target.value })}>
              {connections.map((one) => (
                <option key={one.id} value={one.id}>
                  {platformName(one.type)}: {accountName(one)}
                </option>
              ))}
            </select>
          </label>
          <DayField title="From" value={days.start} onChange={(start) => set({ start })} />
          <DayField title="Through" value={days.end} onChange={(end) => set({ end })} />
        </div>
        {connection.timezone !== null && (
          <p className="side-note below">Days are those of the account: {connection.timezone}</p>
        )}
      </section>
      <Comparison key={connection.id} connection={connection} days={days} />
    </div>
  )
}

interface DayFieldProps {
  readonly title: string
  readonly value: string
  onChange(day: string): void
}

function DayField({ title, value, onChange }: DayFieldProps) {
  return (
    <label className="field">
      <span>{title}</span>
      <input
        type="date"
        required
        value={value}
        // A day that is typed half is none yet.
        onChange={({ target }) => target.value !== '' && onChange(target.value)}
      />
    </label>
  )
}
