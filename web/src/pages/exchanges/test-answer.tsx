import { Link } from 'wouter'
import type { SeatTest, TestedImp } from '../../api/exchanges.ts'
import { useMay } from '../../api/session.ts'
import { money } from '../../ui/format.ts'
import { campaignPath } from './paths.ts'
import { meaningOf } from './reasons.ts'

/** What a test request came to: for each impression the bids, and what became of every campaign that was looked at. */
export function TestAnswer({ answer }: { answer: SeatTest }) {
  return answer.imps.map((imp) => <Imp key={imp.impId} imp={imp} answer={answer} />)
}

function Imp({ imp, answer }: { imp: TestedImp; answer: SeatTest }) {
  const { impId, bids, isTaken, reason, field, campaigns } = imp
  return (
    <div className="tested">
      <h3>
        Impression {impId}:{' '}
        {bids.length > 0 ? (
          <span className="chip ok">{bids.length === 1 ? 'a bid' : `${bids.length} bids`}</span>
        ) : (
          <span className={isTaken ? 'chip' : 'chip warn'}>
            {isTaken ? "a bid of another's campaign" : 'no bid'}
          </span>
        )}
      </h3>
      {reason !== undefined && (
        <p>
          There is no bid because {meaningOf(reason)}
          {field !== undefined && (
            <>
              : <code>{field}</code>
            </>
          )}
          .
        </p>
      )}
      {bids.map((bid) => (
        <Bid key={`${bid.campaign} ${bid.creative}`} bid={bid} answer={answer} />
      ))}
      {campaigns.length > 0 ? <Campaigns imp={imp} /> : <NotLookedAt hasBids={bids.length > 0 || isTaken} />}
    </div>
  )
}

function Bid({ bid, answer }: { bid: TestedImp['bids'][number]; answer: SeatTest }) {
  const { campaign, creative, price, dealId, source, predictedLtv, wouldHold, lack } = bid
  return (
    <>
      <p>
        <Link href={campaignPath(campaign)}>{campaign}</Link> bids{' '}
        <strong>{money(price, answer.currency)}</strong> for a thousand impressions with its ad {creative}
        {dealId !== undefined && <> in the deal {dealId}</>}, by{' '}
        {predictedLtv === undefined
          ? 'its least price: no value is known'
          : `a value of ${money(predictedLtv, answer.heldCurrency)} ${source === 'ai' ? 'that was predicted' : 'as is usual here'}`}
        . It would hold {money(wouldHold, answer.heldCurrency)}.
      </p>
      {lack !== undefined && <Lack lack={lack} />}
    </>
  )
}

function Lack({ lack: { is, budget } }: { lack: NonNullable<TestedImp['bids'][number]['lack']> }) {
  const { may } = useMay()
  return (
    <p className="problem">
      <strong>Not now:</strong> {meaningOf(is)}
      {budget !== undefined && may('read') && (
        <>
          {': '}
          <Link href={`/console/budgets/${encodeURIComponent(budget)}`}>{budget}</Link>
        </>
      )}
      . A real request would get no bid of this campaign.
    </p>
  )
}

const BECAME = {
  bids: ['chip ok', 'bids'],
  beaten: ['chip', 'beaten'],
  refused: ['chip warn', 'cannot bid'],
} as const

function Campaigns({ imp: { campaigns } }: { imp: TestedImp }) {
  return (
    <div className="scroll-x">
      <table className="table fold">
        <thead>
          <tr>
            <th scope="col">Campaign</th>
            <th scope="col">Became of it</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {campaigns.map(({ campaign, is, reason }) => (
            <tr key={campaign}>
              <td data-of="Campaign">
                <Link href={campaignPath(campaign)}>{campaign}</Link>
              </td>
              <td data-of="Became of it">
                <span className={BECAME[is][0]}>{BECAME[is][1]}</span>
              </td>
              <td data-of="Why">
                {reason === undefined
                  ? is === 'beaten'
                    ? 'it could bid, and another is worth more'
                    : 'it is worth the most'
                  : meaningOf(reason)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NotLookedAt({ hasBids }: { hasBids: boolean }) {
  if (hasBids) return null
  return (
    <p className="side-note">
      No campaign was looked at closely: none that is active at this seat has an ad of the size or type of the
      slot, for the country of the request.
    </p>
  )
}
