import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Connection, connectionsQuery } from '../../api/connections.ts'
import { type ReportRequest, requestsQuery } from '../../api/reports.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'
import { AskForm } from './ask-form.tsx'
import { RequestChip } from './request-chip.tsx'

/** A report to ask for, and the latest that were. */
export function ReportList() {
  const connections = useQuery(connectionsQuery)
  const requests = useQuery(requestsQuery)
  return (
    <>
      <div className="page-head">
        <h1>Reports</h1>
        <p>Figures of the platforms, as they report them</p>
      </div>
      <div className="stack">
        <section className="card" aria-labelledby="ask">
          <header>
            <h2 id="ask">Ask for a report</h2>
          </header>
          <Answer query={connections}>
            {({ connectors }) => (
              <Ask connections={connectors.filter(({ status }) => status === 'connected')} />
            )}
          </Answer>
        </section>
        <section className="card" aria-labelledby="asked">
          <header>
            <h2 id="asked">Latest requests</h2>
            <span className="side-note">those of synchronisations stand among them</span>
          </header>
          <Answer query={requests}>
            {(listed) => (
              <Listed requests={listed.requests} connections={connections.data?.connectors ?? []} />
            )}
          </Answer>
        </section>
      </div>
    </>
  )
}

function Ask({ connections }: { connections: readonly Connection[] }) {
  return connections.length === 0 ? (
    <Empty title="No account is connected">
      Connect one on <Link href="/console/integrations">Integrations</Link>; its reports can be asked for
      here.
    </Empty>
  ) : (
    <AskForm connections={connections} />
  )
}

function Listed({
  requests,
  connections,
}: {
  requests: readonly ReportRequest[]
  connections: readonly Connection[]
}) {
  if (requests.length === 0)
    return (
      <Empty title="No report was asked for yet">Choose one above; it is read when its turn comes.</Empty>
    )
  return (
    <div className="scroll-x">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Report</th>
            <th scope="col">Account</th>
            <th scope="col">Dates</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">
              Rows
            </th>
            <th scope="col">Asked</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => {
            const { request_id, connector_id, report_type, date_range, status, result, created_at } = request
            const connection = connections.find(({ id }) => id === connector_id)
            return (
              <tr key={request_id}>
                <td>
                  <Link href={`/console/reports/${request_id}`}>{words(report_type)}</Link>
                </td>
                <td>{connection === undefined ? '—' : platformName(connection.type)}</td>
                <td className="days">
                  {date_range === undefined ? '—' : `${date_range.start} – ${date_range.end}`}
                </td>
                <td>
                  <RequestChip status={status} />
                </td>
                <td className="number">{result === undefined ? '—' : count(result.records_fetched)}</td>
                <td>
                  <Time at={created_at} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
