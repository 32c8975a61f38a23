import { useQuery } from '@tanstack/react-query'
import {
  type ConnectionHealth,
  type DeliveryCounts,
  deliveryCountsQuery,
  type HealthPoint,
  healthHistoryQuery,
  healthQuery,
} from '../../api/conversions.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration, percent, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { HealthStrip } from './health-strip.tsx'

/** Delivery and health of every platform that outcomes go to. */
export function PlatformHealth() {
  const query = useQuery(healthQuery)
  const counts = useQuery(deliveryCountsQuery).data
  const history = useQuery(healthHistoryQuery).data?.history ?? []
  return (
    <section className="card" aria-labelledby="platforms">
      <header>
        <h2 id="platforms">Delivery by platform</h2>
        {counts?.is_whole === false && (
          <span className="side-note">
            Of what has not arrived, the latest 10,000 of each state are counted
          </span>
        )}
      </header>
      <Answer query={query}>
        {({ connectors }) =>
          connectors.length === 0 ? (
            <Empty title="Outcomes go to no platform yet">
              Connect one below: its health is shown here as soon as outcomes are sent.
            </Empty>
          ) : (
            <div className="scroll-x">
              <table className="table fold">
                <thead>
                  <tr>
                    <th scope="col">Platform</th>
                    <th scope="col">Health</th>
                    <th scope="col">In the last day</th>
                    <th scope="col" className="number">
                      Taken in the last hour
                    </th>
                    <th scope="col" className="number">
                      A call takes
                    </th>
                    <th scope="col" className="number">
                      Waits
                    </th>
                    <th scope="col" className="number">
                      To be sent again
                    </th>
                    <th scope="col" className="number">
                      Given up
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {connectors.map((one) => (
                    <Row
                      key={one.platform}
                      health={one}
                      counts={counts?.counts.find(({ platform }) => platform === one.platform)}
                      points={history.filter(({ platform }) => platform === one.platform)}
                    />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answer>
    </section>
  )
}

const TONES = { healthy: 'chip ok', degraded: 'chip warn', unhealthy: 'chip danger' } as const

interface RowProps {
  readonly health: ConnectionHealth
  readonly counts: DeliveryCounts | undefined
  readonly points: readonly HealthPoint[]
}

function Row({ health, counts, points }: RowProps) {
  const { platform, status, issues, circuit_state, events_processed_1h, success_rate_1h, avg_latency_ms } =
    health
  const taken = points.reduce((sum, { events_processed }) => sum + events_processed, 0)
  return (
    <tr>
      <td data-of="Platform">{platformName(platform)}</td>
      <td data-of="Health">
        <span className={TONES[status]}>{status}</span>
        {circuit_state !== 'closed' && <span className="chip danger">breaker {words(circuit_state)}</span>}
        {issues.map((issue) => (
          <p key={issue} className="side-note">
            {issue}
          </p>
        ))}
      </td>
      <td data-of="In the last day">
        <HealthStrip points={points} />
        <p className="side-note">{count(taken)} taken</p>
      </td>
      <td data-of="Taken in the last hour" className="number">
        {success_rate_1h === null ? (
          <span className="soft">
            {avg_latency_ms === null ? 'nothing was sent' : 'nothing was processed yet'}
          </span>
        ) : (
          <>
            {count(events_processed_1h)} <span className="soft">{percent(success_rate_1h)}</span>
          </>
        )}
      </td>
      <td data-of="A call takes" className="number">
        {avg_latency_ms === null ? '—' : duration(avg_latency_ms)}
      </td>
      <td data-of="Waits" className="number">
        {count(counts?.waiting ?? 0)}
      </td>
      <td data-of="To be sent again" className="number">
        {count(counts?.retrying ?? 0)}
      </td>
      <td data-of="Given up" className="number">
        {counts !== undefined && counts.dead > 0 ? (
          <span className="chip danger">{count(counts.dead)}</span>
        ) : (
          0
        )}
      </td>
    </tr>
  )
}
