import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Delivery, eventQuery } from '../../api/conversions.ts'
import { Answer } from '../../ui/answer.tsx'
import { duration, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'
import { ReplayButton } from './replay.tsx'
import { StateChip } from './state-chip.tsx'

/** What became of one event, at each platform. */
export function EventPage({ id }: { id: string }) {
  const query = useQuery(eventQuery(id))
  return (
    <>
      <div className="page-head">
        <h1>
          Event <span className="mono">{id}</span>
        </h1>
        <p>
          <Link href="/console/conversions">Conversions</Link>
        </p>
      </div>
      <Answer query={query}>
        {({ events }) => (
          <div className="stack">
            {events.map((event) => (
              <section className="card" key={event.event_name} aria-label={event.event_name}>
                <header>
                  <h2>{event.event_name}</h2>
                  <span className="side-note">
                    happened <Time at={event.event_time} style="full" />
                    {event.bid_id !== null && (
                      <>
                        , brought by{' '}
                        <Link href={`/console/bids/${encodeURIComponent(event.bid_id)}`}>{event.bid_id}</Link>
                      </>
                    )}
                  </span>
                </header>
                {event.deliveries.map((one) => (
                  <DeliveryFacts key={one.platform} delivery={one} />
                ))}
                {event.deliveries.length === 0 && <p className="empty">It goes to no platform any more.</p>}
              </section>
            ))}
          </div>
        )}
      </Answer>
    </>
  )
}

function DeliveryFacts({ delivery: one }: { delivery: Delivery }) {
  return (
    <div className="body delivery">
      <div className="row">
        <h3>{platformName(one.platform)}</h3>
        <StateChip state={one.state} />
        {one.code !== null && <span className="chip">{words(one.code)}</span>}
        {one.state === 'dead' && <ReplayButton deliveries={[one]} label="Replay …" />}
      </div>
      {one.error_message !== null && <p>{one.error_message}</p>}
      <dl className="facts">
        <dt>Accepted</dt>
        <dd>
          <Time at={one.timestamp} />
        </dd>
        <dt>Sent</dt>
        <dd>
          {one.attempts === 0 ? 'not yet' : one.attempts === 1 ? 'once' : `${one.attempts} times`}
          {one.first_attempt_at !== null && (
            <>
              , first <Time at={one.first_attempt_at} />
            </>
          )}
          {one.last_attempt_at !== null && one.attempts > 1 && (
            <>
              , last <Time at={one.last_attempt_at} />
            </>
          )}
        </dd>
        {one.next_attempt_at !== null && (
          <>
            <dt>Goes again</dt>
            <dd>
              <Time at={one.next_attempt_at} />
            </dd>
          </>
        )}
        {one.outcome_unknown_since !== null && (
          <>
            <dt>Perhaps taken</dt>
            <dd>
              since <Time at={one.outcome_unknown_since} /> nobody can say whether the platform has it
            </dd>
          </>
        )}
        {one.latency_ms !== null && (
          <>
            <dt>The call took</dt>
            <dd>{duration(one.latency_ms)}</dd>
          </>
        )}
        {one.request_id !== null && (
          <>
            <dt>The platform calls it</dt>
            <dd className="mono">{one.request_id}</dd>
          </>
        )}
        <dt>Match quality</dt>
        <dd>{one.match_quality} of 10, an estimate</dd>
        <dt>Mappings</dt>
        <dd>version {one.mapping_version}</dd>
      </dl>
    </div>
  )
}
