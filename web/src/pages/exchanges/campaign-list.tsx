import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import type { Budget } from '../../api/client.ts'
import { type Campaign, campaignsQuery, type Pace } from '../../api/exchanges.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, money, percent, words } from '../../ui/format.ts'
import { LimitBar } from '../../ui/limit-bar.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { campaignPath, NEW_CAMPAIGN_PATH } from './paths.ts'
import { budgetOf, useCurrency } from './use-currency.ts'

/** What is bid on at exchanges: each campaign with its price, its budget and its pace. */
export function CampaignList() {
  const query = useQuery(campaignsQuery)
  const { may } = useMay()
  const [sought, setSought] = useState('')
  return (
    <section className="card" aria-labelledby="campaigns">
      <header>
        <h2 id="campaigns">Campaigns</h2>
        <label className="field search">
          <span className="sr-only">Find a campaign</span>
          <input
            type="search"
            placeholder="Find a campaign, seat or advertiser"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
        </label>
        {may('operate') && (
          <Link href={NEW_CAMPAIGN_PATH} className="button main end">
            New campaign
          </Link>
        )}
      </header>
      <Answer query={query}>
        {({ campaigns, next }) => (
          <>
            <Listed campaigns={campaigns} sought={sought.trim()} />
            {next !== undefined && (
              <p className="empty">
                These are the first {count(campaigns.length)}.{' '}
                {sought.trim() !== '' && (
                  <Link href={campaignPath(sought.trim())}>Go to the campaign {sought.trim()}</Link>
                )}
              </p>
            )}
          </>
        )}
      </Answer>
    </section>
  )
}

function Listed({ campaigns, sought }: { campaigns: readonly Campaign[]; sought: string }) {
  const { may } = useMay()
  if (campaigns.length === 0)
    return (
      <Empty title="Nothing is bid on at exchanges yet">
        {may('operate')
          ? 'Make a campaign: an ad, its price, its limits and where it may be shown.'
          : 'Ask someone whose key has the scope operate to make a campaign.'}
      </Empty>
    )
  const fitting = campaigns.filter(({ id, seat, advertiserDomain }) =>
    [id, seat, advertiserDomain].some((text) => text.includes(sought)),
  )
  if (fitting.length === 0)
    return <Empty title="No campaign has this in its name">Search for less of it.</Empty>
  return (
    <div className="scroll-x">
      <table className="table fold">
        <thead>
          <tr>
            <th scope="col">Campaign</th>
            <th scope="col">Status</th>
            <th scope="col">Seat</th>
            <th scope="col" className="number">
              Price (CPM)
            </th>
            <th scope="col">Budget</th>
            <th scope="col">Pace</th>
            <th scope="col">Ads</th>
          </tr>
        </thead>
        <tbody>
          {fitting.map((campaign) => (
            <Row key={campaign.id} campaign={campaign} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ campaign }: { campaign: Campaign }) {
  const { id, status, seat, advertiserDomain, price, pace, creatives } = campaign
  const budget = budgetOf(useQuery(budgetsQuery).data?.budgets, id)
  const currency = useCurrency()
  return (
    <tr>
      <td data-of="Campaign">
        <Link href={campaignPath(id)}>{id}</Link>
        <p className="side-note">{advertiserDomain}</p>
      </td>
      <td data-of="Status">
        <CampaignChip status={status} />
        {budget?.paused && <span className="chip danger">budget paused</span>}
      </td>
      <td data-of="Seat">{seat}</td>
      <td data-of="Price (CPM)" className="number">
        {money(price.minCpm ?? 0, currency)} to {money(price.maxCpm, currency)}
      </td>
      <td data-of="Budget" className="use">
        <BudgetUse budget={budget} />
      </td>
      <td data-of="Pace">
        {pace === undefined ? <span className="soft">as fast as it can</span> : paceText(pace)}
      </td>
      <td data-of="Ads">
        {creatives
          .map(({ type }) => type)
          .filter(isFirst)
          .join(', ')}
      </td>
    </tr>
  )
}

const isFirst = (one: string, at: number, all: readonly string[]): boolean => all.indexOf(one) === at

export function CampaignChip({ status }: { status: Campaign['status'] }) {
  return <span className={status === 'active' ? 'chip ok' : 'chip danger'}>{status}</span>
}

/** The fullest limit of the campaign's own budget. */
function BudgetUse({ budget }: { budget: Budget | undefined }) {
  const [fullest] = [...(budget?.limits ?? [])].sort((a, b) => b.utilization - a.utilization)
  if (budget === undefined || fullest === undefined) return <span className="soft">no limit of its own</span>
  return (
    <div key={limitKey(fullest)}>
      <LimitBar budget={budget} limit={fullest} />
      <p className="side-note">
        {money(fullest.remaining, budget.currency)} free of {money(fullest.max, budget.currency)}{' '}
        {limitName(fullest)}
      </p>
    </div>
  )
}

export const paceText = ({ share, why }: Pace): string =>
  share === null ? words(why) : `${percent(share)} of its chances, ${words(why)}`
