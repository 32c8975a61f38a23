import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ROAS_ROWS, type RoasBy, type RoasFigures, type RoasRow, roasQuery } from '../../api/conversions.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, money } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'

const SPANS = [1, 7, 30, 90] as const
const BY = ['platform', 'campaign', 'source'] as const satisfies readonly RoasBy[]
const USUAL_EVENTS = 'purchase'

/** What bids spent, and what the conversions that name them are worth. */
export function Roas() {
  const [by, setBy] = useState<RoasBy>('platform')
  const [days, setDays] = useState<number>(SPANS[1])
  const [typed, setTyped] = useState(USUAL_EVENTS)
  const [events, setEvents] = useState(USUAL_EVENTS)
  const query = useQuery(roasQuery(by, days, events))
  return (
    <section className="card" aria-labelledby="roas">
      <header>
        <h2 id="roas">Return on ad spend</h2>
        <form
          className="row figure-choice"
          onSubmit={(event) => {
            event.preventDefault()
            setEvents(typed.trim() || USUAL_EVENTS)
          }}
        >
          <label>
            <span className="sr-only">By</span>
            <select
              value={by}
              onChange={(event) => setBy(BY.find((one) => one === event.target.value) ?? 'platform')}
            >
              {BY.map((one) => (
                <option key={one} value={one}>
                  by {one}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span className="sr-only">Bids of the latest</span>
            <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {SPANS.map((span) => (
                <option key={span} value={span}>
                  {span === 1 ? 'a day' : `${span} days`}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span className="sr-only">Events whose values count</span>
            <input
              value={typed}
              placeholder="purchase, subscribe"
              onChange={(event) => setTyped(event.target.value)}
              onBlur={() => setEvents(typed.trim() || USUAL_EVENTS)}
            />
          </label>
        </form>
        <span className="side-note">A conversion counts at the time of its bid</span>
      </header>
      <Answer query={query}>
        {({ rows, total, unjoined, caveats, nextAfter }) =>
          rows.length === 0 ? (
            <Empty title="No bid of this time has spent anything">
              Place bids, and name each with <code>bid_id</code> in the conversions that it brought.
            </Empty>
          ) : (
            <>
              <RoasTable rows={rows} total={total} by={by} />
              <div className="body stack">
                <Caveats all={[...total.caveats, ...caveats]} />
                {unjoined && <Unjoined unjoined={unjoined} />}
                {nextAfter !== null && (
                  <p className="side-note">These are the first {count(ROAS_ROWS)}; the total is of all.</p>
                )}
              </div>
            </>
          )
        }
      </Answer>
    </section>
  )
}

interface TableProps {
  readonly rows: readonly RoasRow[]
  readonly total: RoasFigures & Pick<RoasRow, 'bySource'>
  readonly by: RoasBy
}

function RoasTable({ rows, total, by }: TableProps) {
  return (
    <div className="scroll-x">
      <table className="table fold">
        <thead>
          <tr>
            <th scope="col">{by === 'platform' ? 'Platform' : by === 'campaign' ? 'Campaign' : 'Source'}</th>
            {['Bids', 'Conversions', 'Spend', 'Value', 'Return', 'By prediction', 'By fallback'].map(
              (title) => (
                <th key={title} scope="col" className="number">
                  {title}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={nameOf(row)} name={nameOf(row)} row={row} />
          ))}
          <Row name="All" row={total} />
        </tbody>
      </table>
    </div>
  )
}

const nameOf = ({ platform, campaignId, source }: RoasRow): string =>
  [platform && platformName(platform), campaignId, source].filter(Boolean).join(' · ')

function Row({ name, row }: { name: string; row: TableProps['total'] }) {
  return (
    <tr>
      <td>{name}</td>
      <td data-of="Bids" className="number">
        {count(row.bids)}
      </td>
      <td data-of="Conversions" className="number">
        {count(row.conversions)}
      </td>
      <td data-of="Spend" className="number">
        {sums(row.spend)}
      </td>
      <td data-of="Value" className="number">
        {sums(row.value)}
      </td>
      <td data-of="Return" className="number">
        <strong title={row.caveats.map(({ detail }) => detail).join('; ')}>{ratio(row)}</strong>
      </td>
      <td data-of="By prediction" className="number">
        {ratio(row.bySource.ai)}
      </td>
      <td data-of="By fallback" className="number">
        {ratio(row.bySource.fallback)}
      </td>
    </tr>
  )
}

/** An amount of each currency; a dash where it is not known whole. */
function sums(byCurrency: RoasFigures['spend']): string {
  if (byCurrency === null) return '—'
  const all = Object.entries(byCurrency).map(([currency, amount]) => money(amount, currency))
  return all.join(' + ') || '0'
}

const ratios = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 })
const ratio = ({ ratio: known }: RoasFigures): string => (known === null ? '—' : ratios.format(known))

function Caveats({ all }: { all: readonly { readonly code: string; readonly detail: string }[] }) {
  if (all.length === 0) return null
  return (
    <ul className="caveats side-note">
      {all.map(({ code, detail }) => (
        <li key={code}>{detail}</li>
      ))}
    </ul>
  )
}

interface UnjoinedCounts {
  readonly withoutBid: number
  readonly unknownBid: number
  readonly bidWithoutSpend: number
  readonly notJoinedYet: number
}

function Unjoined({
  unjoined: { withoutBid, unknownBid, bidWithoutSpend, notJoinedYet },
}: {
  unjoined: UnjoinedCounts
}) {
  const parts = [
    [withoutBid, 'naming no bid'],
    [unknownBid, 'naming a bid that is not kept'],
    [bidWithoutSpend, 'naming a bid that bought nothing'],
    [notJoinedYet, 'waiting for their bid to end'],
  ] as const
  const some = parts.filter(([many]) => many > 0)
  if (some.length === 0) return null
  return (
    <p className="side-note">
      Conversions in no row: {some.map(([many, why]) => `${count(many)} ${why}`).join(', ')}.
    </p>
  )
}
