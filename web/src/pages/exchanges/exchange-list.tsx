import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Seat, seatsQuery } from '../../api/exchanges.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration, money, percent } from '../../ui/format.ts'
import { CampaignList } from './campaign-list.tsx'
import { seatPath } from './paths.ts'
import { meaningOf } from './reasons.ts'

/** How the exchanges that ask for bids are doing, and what is bid on there. */
export function ExchangeList() {
  return (
    <>
      <div className="page-head">
        <h1>Exchanges</h1>
        <p>Who asks for bids in real time, what is answered, and for which campaigns</p>
      </div>
      <div className="stack">
        <Seats />
        <CampaignList />
      </div>
    </>
  )
}

function Seats() {
  const query = useQuery(seatsQuery)
  const { isOperator } = useMay()
  return (
    <section className="card" aria-labelledby="seats">
      <header>
        <h2 id="seats">Seats</h2>
        <span className="side-note">Counts are since the start of the service</span>
      </header>
      <Answer query={query}>
        {({ seats }) => {
          if (seats.length > 0) return <SeatTable seats={seats} />
          return isOperator ? (
            <Empty title="No exchange may ask for bids yet">
              Name its seat in <code>OPENRTB_SEATS</code> and start the service again; docs/configuration.md
              says how.
            </Empty>
          ) : (
            <Empty title="Your organisation has no seat of its own">
              Its campaigns bid at the seats that all share; how those are doing is for the operator to see.
            </Empty>
          )
        }}
      </Answer>
    </section>
  )
}

function SeatTable({ seats }: { seats: readonly Seat[] }) {
  return (
    <div className="scroll-x">
      <table className="table fold">
        <thead>
          <tr>
            <th scope="col">Seat</th>
            <th scope="col" className="number">
              Requests/s
            </th>
            <th scope="col" className="number">
              Bid rate
            </th>
            <th scope="col" className="number">
              Win rate
            </th>
            <th scope="col" className="number">
              Notice after
            </th>
            <th scope="col" className="number">
              Held
            </th>
            <th scope="col" className="number">
              Overdraft
            </th>
            <th scope="col">Most often no bid because</th>
          </tr>
        </thead>
        <tbody>
          {seats.map((one) => (
            <SeatRow key={one.seat} seat={one} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function SeatRow({ seat: one }: { seat: Seat }) {
  const { seat, org, qps, bidRate, winRate, noticeDelayMs, held, overdraft, currency, noBids, requests } = one
  const [commonest] = noBids
  return (
    <tr>
      <td data-of="Seat">
        <Link href={seatPath(seat)}>{seat}</Link>{' '}
        {org !== undefined && <span className="chip">organisation {org}</span>}
      </td>
      <td data-of="Requests/s" className="number">
        {rate(qps)}
      </td>
      <td data-of="Bid rate" className="number">
        {requests === 0 ? '—' : percent(bidRate)}
      </td>
      <td data-of="Win rate" className="number">
        {one.bids === 0 ? '—' : percent(winRate)}
      </td>
      <td data-of="Notice after" className="number">
        {noticeDelayMs === undefined ? '—' : duration(noticeDelayMs.p50)}
      </td>
      <td data-of="Held" className="number">
        {money(held, currency)}
      </td>
      <td data-of="Overdraft" className="number">
        {overdraft > 0 ? (
          <span className="chip danger">{money(overdraft, currency)}</span>
        ) : (
          money(0, currency)
        )}
      </td>
      <td data-of="Most often no bid because">
        {commonest === undefined ? (
          <span className="soft">
            {requests === 0 ? 'no request has come yet' : 'each impression had a bid'}
          </span>
        ) : (
          <>
            {meaningOf(commonest.reason)} <span className="soft">({count(commonest.imps)})</span>
          </>
        )}
      </td>
    </tr>
  )
}

const rates = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })
/** Requests a second, of which a quiet seat has less than one. */
export const rate = (perSecond: number): string => rates.format(perSecond)
