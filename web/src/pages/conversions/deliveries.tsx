import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Delivery, latestDeliveriesQuery } from '../../api/conversions.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'
import { eventPath } from './event-path.ts'
import { StateChip } from './state-chip.tsx'

/** The latest events on their way to platforms. */
export function LatestDeliveries() {
  const query = useQuery(latestDeliveriesQuery)
  return (
    <section className="card" aria-labelledby="latest">
      <header>
        <h2 id="latest">Latest deliveries</h2>
        <span className="side-note">Look up an event for all that is known of it</span>
      </header>
      <Answer query={query}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <Empty title="No event has come yet">
              Send one: <code>POST /api/v1/conversions/events</code>, with an example in{' '}
              <a href="/docs">the documentation</a>.
            </Empty>
          ) : (
            <DeliveryTable deliveries={deliveries} />
          )
        }
      </Answer>
    </section>
  )
}

/** Events that are shown. */
const SHOWN = 12

function DeliveryTable({ deliveries }: { deliveries: readonly Delivery[] }) {
  const events = [...Map.groupBy(deliveries, ({ event_id, event_name }) => `${event_id} ${event_name}`)]
  return (
    <div className="scroll-x">
      <table className="table fold">
        <thead>
          <tr>
            <th scope="col">Event</th>
            <th scope="col">Accepted</th>
            <th scope="col">At each platform</th>
          </tr>
        </thead>
        <tbody>
          {events.slice(0, SHOWN).map(([key, of]) => (
            <Row key={key} of={of} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ of }: { of: readonly Delivery[] }) {
  const [first] = of
  if (first === undefined) return null
  return (
    <tr>
      <td data-of="Event">
        <Link href={eventPath(first.event_id)} className="mono">
          {first.event_id}
        </Link>{' '}
        <span className="side-note">{first.event_name}</span>
      </td>
      <td data-of="Accepted">
        <Time at={first.timestamp} />
      </td>
      <td data-of="At each platform">
        <ul className="row states">
          {of.map((one) => (
            <li key={one.platform} {...(one.error_message !== null && { title: one.error_message })}>
              {platformName(one.platform)} <StateChip state={one.state} />
            </li>
          ))}
        </ul>
      </td>
    </tr>
  )
}
