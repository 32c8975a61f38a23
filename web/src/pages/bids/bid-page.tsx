import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { BidRecord } from '../../api/client.ts'
import { bidQuery } from '../../api/queries.ts'
import { Answer } from '../../ui/answer.tsx'
import { money, percent, words } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'
import { StatusChip } from './status-chip.tsx'

/** Every number and rule that led to one bid. */
export function BidPage({ bidId }: { bidId: string }) {
  const query = useQuery(bidQuery(bidId))
  return (
    <>
      <div className="page-head">
        <h1>
          Bid <span className="mono">{bidId}</span>
        </h1>
        <p>
          <Link href="/console/bids">All bids</Link>
        </p>
      </div>
      <Answer query={query}>{(bid) => <Record bid={bid} />}</Answer>
    </>
  )
}

function Record({ bid }: { bid: BidRecord }) {
  return (
    <div className="bid-page">
      <div className="stack">
        <Outcome bid={bid} />
        <Numbers bid={bid} />
        {bid.candidates.length > 0 && <Candidates bid={bid} />}
        {bid.callerExplanation !== undefined && <CallerSays said={bid.callerExplanation} />}
      </div>
      <div className="stack">
        <Money bid={bid} />
        <History bid={bid} />
      </div>
    </div>
  )
}

function Outcome({ bid }: { bid: BidRecord }) {
  const { status, at, code, detail, explanation, platformRef } = bid
  return (
    <section className="card" aria-labelledby="outcome">
      <header>
        <h2 id="outcome">Outcome</h2>
        <StatusChip status={status} />
        {code !== undefined && <span className="chip danger">{words(code)}</span>}
        <span className="side-note">
          <Time at={at} style="full" />
        </span>
      </header>
      <div className="body stack">
        {detail !== undefined && <p>{detail}</p>}
        <WouldPass bid={bid} />
        {explanation !== undefined && <p>{explanation}</p>}
        {platformRef !== undefined && (
          <p className="soft">
            At the platform: <code>{platformRef}</code>
          </p>
        )}
      </div>
    </section>
  )
}

/** What would have passed in its place, and when it would pass itself. */
function WouldPass({ bid: { wouldPass, currency } }: { bid: BidRecord }) {
  if (wouldPass === undefined) return null
  const { remaining, at, scope } = wouldPass
  return (
    <p>
      {remaining !== undefined && (
        <>
          {remaining === 0 ? 'No amount' : `Up to ${money(remaining, currency)}`} would have passed
          {scope !== undefined && ` in ${scope}`}.{' '}
        </>
      )}
      {at !== undefined && (
        <>
          The bid itself passes from <Time at={at} style="full" />, if nothing else is spent until then.
        </>
      )}
    </p>
  )
}

function Numbers({ bid }: { bid: BidRecord }) {
  const amount = (value: number | undefined) => (value === undefined ? '—' : money(value, bid.currency))
  return (
    <section className="card" aria-labelledby="numbers">
      <header>
        <h2 id="numbers">What led to the price</h2>
      </header>
      <dl className="facts body">
        <dt>Asked by</dt>
        <dd>{bid.caller}</dd>
        <dt>Customer</dt>
        <dd>{bid.customerId}</dd>
        <dt>Campaign</dt>
        <dd>{bid.campaignId}</dd>
        <dt>Platform</dt>
        <dd>
          {words(bid.platform)}
          {bid.requested.platform !== bid.platform && (
            <span className="soft"> (asked: {bid.requested.platform})</span>
          )}
        </dd>
        <dt>Asked amount</dt>
        <dd>{amount(bid.requested.bidAmount)}</dd>
        <dt>Asked value</dt>
        <dd>{amount(bid.requested.predictedLtv)}</dd>
        <dt>Predicted value</dt>
        <dd>
          {amount(bid.predictedLtv)}
          {bid.basis !== undefined && <span className="soft"> from the {bid.basis.is}</span>}
        </dd>
        {bid.confidence !== undefined && (
          <>
            <dt>Confidence</dt>
            <dd>{percent(bid.confidence)}</dd>
          </>
        )}
        <dt>Source</dt>
        <dd>{bid.source ?? '—'}</dd>
        <dt>Cap</dt>
        <dd>{amount(bid.cap)}</dd>
        <dt>Bid</dt>
        <dd>
          <strong>{amount(bid.bidAmount)}</strong>
        </dd>
        <dt>Took</dt>
        <dd>{bid.latencyMs} ms</dd>
      </dl>
    </section>
  )
}

function Candidates({ bid: { candidates, platform } }: { bid: BidRecord }) {
  return (
    <section className="card" aria-labelledby="candidates">
      <header>
        <h2 id="candidates">Platforms that were weighed</h2>
      </header>
      <div className="scroll-x">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Platform</th>
              <th scope="col" className="number">
                Score
              </th>
              <th scope="col">Why not</th>
            </tr>
          </thead>
          <tbody>
            {candidates.map((one) => (
              <tr key={one.platform}>
                <td>
                  {words(one.platform)} {one.platform === platform && <span className="chip ok">chosen</span>}
                </td>
                <td className="number">{one.score === undefined ? '—' : one.score.toFixed(4)}</td>
                <td>{one.excluded === undefined ? '' : words(one.excluded)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

function CallerSays({ said }: { said: NonNullable<BidRecord['callerExplanation']> }) {
  return (
    <section className="card" aria-labelledby="caller-says">
      <header>
        <h2 id="caller-says">What the caller says</h2>
      </header>
      <div className="body">
        {typeof said === 'string' ? said : <pre className="said">{JSON.stringify(said, null, 2)}</pre>}
      </div>
    </section>
  )
}

function Money({ bid: { scopes, remainingBefore, currency } }: { bid: BidRecord }) {
  return (
    <section className="card" aria-labelledby="pays">
      <header>
        <h2 id="pays">Budgets that pay</h2>
      </header>
      <ul className="scopes body">
        {scopes.map((scope) => (
          <li key={scope}>
            <Link href={`/console/budgets/${encodeURIComponent(scope)}`}>{scope}</Link>
          </li>
        ))}
        {remainingBefore !== undefined && (
          <li className="soft">{money(remainingBefore, currency)} were left in the tightest</li>
        )}
      </ul>
    </section>
  )
}

function History({ bid: { history } }: { bid: BidRecord }) {
  return (
    <section className="card" aria-labelledby="steps">
      <header>
        <h2 id="steps">What became of it</h2>
      </header>
      <ol className="changes">
        {history.map(({ at, status }) => (
          <li key={`${at} ${status}`} className="row">
            <StatusChip status={status} />
            <span className="side-note">
              <Time at={at} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
