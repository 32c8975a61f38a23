import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Seat, seatsQuery } from '../../api/exchanges.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration, money, percent } from '../../ui/format.ts'
import { rate } from './exchange-list.tsx'
import { EXCHANGES_PATH } from './paths.ts'
import { meaningOf } from './reasons.ts'
import { TestRequest } from './test-request.tsx'

/** One seat: how it is doing, why there were no bids, and what it would answer to a request. */
export function SeatPage({ seat: id }: { seat: string }) {
  const query = useQuery(seatsQuery)
  const { may } = useMay()
  return (
    <>
      <div className="page-head">
        <h1>Seat {id}</h1>
        <p>
          <Link href={EXCHANGES_PATH}>All exchanges</Link>
        </p>
      </div>
      <Answer query={query}>
        {({ seats }) => {
          const seat = seats.find((one) => one.seat === id)
          return (
            <div className="stack">
              {seat ? (
                <div className="seat-page">
                  <Figures seat={seat} />
                  <NoBids seat={seat} />
                </div>
              ) : (
                <section className="card">
                  <Empty title={`No figures of a seat ${id} are yours to see`}>
                    It is not configured, or shared by all: then a test request still says how your campaigns
                    do there.
                  </Empty>
                </section>
              )}
              {may('bid') && <TestRequest seat={id} />}
            </div>
          )
        }}
      </Answer>
    </>
  )
}

function Figures({ seat: one }: { seat: Seat }) {
  const { noticeDelayMs: delay, currency } = one
  return (
    <section className="card" aria-labelledby="figures">
      <header>
        <h2 id="figures">How it is doing</h2>
        <span className="side-note">since the start of the service</span>
      </header>
      <dl className="facts body">
        <dt>Requests</dt>
        <dd>
          {rate(one.qps)} a second; {count(one.requests)} in all
        </dd>
        <dt>Answered with a bid</dt>
        <dd>
          {one.requests === 0 ? 'none came yet' : `${percent(one.bidRate)} of them; ${count(one.bids)} bids`}
        </dd>
        <dt>Bids that were billed</dt>
        <dd>
          {one.bids === 0
            ? 'none were made yet'
            : `${percent(one.winRate)} of them; ${count(one.billed)} in all`}
        </dd>
        <dt>Bids that were said to be lost</dt>
        <dd>{count(one.losses)}</dd>
        <dt>A notice comes after</dt>
        <dd>
          {delay === undefined
            ? 'none has come yet'
            : `${duration(delay.p50)}; 95 of 100 within ${duration(delay.p95)}, 99 within ${duration(delay.p99)}`}
        </dd>
        <dt>Bids are held for</dt>
        <dd>
          {duration(one.holdSeconds * 1_000)}; they are paid{' '}
          {one.billOn === 'win' ? 'when they win' : 'when they are billed'}
        </dd>
        <dt>Held for open bids</dt>
        <dd>{money(one.held, currency)}</dd>
        <dt>Overdraft</dt>
        <dd>
          {one.overdraft > 0 ? (
            <>
              <span className="chip danger">{money(one.overdraft, currency)}</span> was billed that no limit
              had room for
            </>
          ) : (
            'none'
          )}
        </dd>
        <dt>Came too late to answer</dt>
        <dd>{count(one.tooLate)}</dd>
        <dt>Shed under load</dt>
        <dd>{count(one.shed)}</dd>
      </dl>
    </section>
  )
}

/** Reasons that are shown; the others are hardly ever met. */
const SHOWN_REASONS = 12

function NoBids({ seat: { noBids, requests } }: { seat: Seat }) {
  const all = noBids.reduce((sum, { imps }) => sum + imps, 0)
  return (
    <section className="card" aria-labelledby="no-bids">
      <header>
        <h2 id="no-bids">Why there was no bid</h2>
        <span className="side-note">{count(all)} impressions</span>
      </header>
      {all === 0 ? (
        <Empty title={requests === 0 ? 'No request has come yet' : 'Each impression had a bid'}>
          {requests === 0 && 'Send a test request below, or let the exchange send its own.'}
        </Empty>
      ) : (
        <ol className="reasons">
          {noBids.slice(0, SHOWN_REASONS).map(({ reason, imps }) => (
            <li key={reason}>
              <span>{meaningOf(reason)}</span>
              <span className="number">
                {count(imps)} <span className="soft">{percent(imps / all)}</span>
              </span>
              <div className="bar" aria-hidden="true">
                <div className="spent" style={{ width: `${(100 * imps) / all}%` }} />
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
