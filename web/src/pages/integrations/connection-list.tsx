import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import {
  type Connection,
  connectionsQuery,
  readingQueueQuery,
  schedulesQuery,
} from '../../api/connections.ts'
import { useMay } from '../../api/session.ts'
import { accountName } from '../../ui/account-name.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { SyncNow } from '../../ui/sync-now.tsx'
import { Time } from '../../ui/time.tsx'
import { Connect } from './connect.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { HealthChip, HealthNote } from './health-chip.tsx'

/** Accounts of the organisation at platforms, and what has been given up of reading them. */
export function ConnectionList() {
  const query = useQuery(connectionsQuery)
  const { may } = useMay()
  return (
    <>
      <div className="page-head">
        <h1>Integrations</h1>
        <p>Accounts at platforms that are read from here</p>
      </div>
      <div className="stack">
        {may('connect') && <Connect />}
        <section className="card" aria-labelledby="connections">
          <header>
            <h2 id="connections">Connections</h2>
            <QueueNote />
          </header>
          <Answer query={query}>{({ connectors }) => <Listed connections={connectors} />}</Answer>
        </section>
        <DeadLetters />
      </div>
    </>
  )
}

/** How much of the organisation waits to be read, and for how long. */
function QueueNote() {
  const status = useQuery(readingQueueQuery).data?.queue_status
  if (status === undefined) return null
  const { your_requests: own, positions, estimated_wait_seconds: waitSeconds } = status
  return (
    <span className="side-note" role="status">
      {own === 0
        ? 'Nothing waits to be read'
        : `${count(own)} ${own === 1 ? 'report waits' : 'reports wait'}, the first at place ${positions[0] ?? 1}; all are read in about ${duration(waitSeconds * 1_000)}`}
    </span>
  )
}

function Listed({ connections }: { connections: readonly Connection[] }) {
  const schedules = useQuery(schedulesQuery).data?.schedules ?? []
  const { may } = useMay()
  if (connections.length === 0)
    return (
      <Empty title="No account is connected yet">
        {may('connect')
          ? 'Choose a platform above and log in there, or give its API key.'
          : 'Ask someone whose key has the scope connect to connect one.'}
      </Empty>
    )
  return (
    <div className="scroll-x">
      <table className="table stacks">
        <thead>
          <tr>
            <th scope="col">Account</th>
            <th scope="col">Health</th>
            <th scope="col">Last sync</th>
            <th scope="col">Next sync</th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {connections.map((one) => (
            <ConnectionRow
              key={one.id}
              connection={one}
              schedule={schedules.find(({ connector_id }) => connector_id === one.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowSchedule {
  readonly next_at: string
  readonly cron: string
  readonly timezone: string
}

function ConnectionRow({
  connection,
  schedule,
}: {
  connection: Connection
  schedule: RowSchedule | undefined
}) {
  const { id, type, timezone, last_sync_at } = connection
  return (
    <tr>
      <td data-of="Account">
        <Link href={`/console/integrations/${id}`}>{platformName(type)}</Link>
        <p className="side-note">{accountName(connection)}</p>
      </td>
      <td data-of="Health">
        <HealthChip connection={connection} />
        <HealthNote connection={connection} />
      </td>
      <td data-of="Last sync">
        {last_sync_at === null ? (
          <span className="soft">never</span>
        ) : (
          <Time at={last_sync_at} {...(timezone !== null && { zone: timezone })} />
        )}
      </td>
      <td data-of="Next sync">
        {schedule === undefined ? (
          <span className="soft">by hand only</span>
        ) : (
          <>
            <Time at={schedule.next_at} zone={schedule.timezone} />
            <p className="side-note mono">{schedule.cron}</p>
          </>
        )}
      </td>
      <td className="number">
        <SyncNow connection={connection} />
      </td>
    </tr>
  )
}
