import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import {
  CAMPAIGNS_KEY,
  type Campaign,
  type CampaignInput,
  campaignQuery,
  seatsQuery,
} from '../../api/exchanges.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { ChangeHistory } from '../../ui/change-history.tsx'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { money } from '../../ui/format.ts'
import { LimitBar } from '../../ui/limit-bar.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { failed, told } from '../../ui/toasts.tsx'
import { AdPreview } from './ad-preview.tsx'
import { type CampaignDraft, draftOf, newCampaignDraft } from './campaign-draft.ts'
import { CampaignForm, usePutCampaign } from './campaign-form.tsx'
import { CampaignChip, paceText } from './campaign-list.tsx'
import { campaignPath, EXCHANGES_PATH, seatPath } from './paths.ts'
import { budgetOf, budgetScope } from './use-currency.ts'

/** A campaign that is not stored yet. */
export function NewCampaign() {
  const [, goTo] = useLocation()
  const { may } = useMay()
  const query = useQuery(seatsQuery)
  return (
    <>
      <Head title="New campaign" />
      {may('operate') ? (
        <Answer query={query}>
          {({ seats }) => <New seat={seats[0]?.seat ?? ''} onSaved={({ id }) => goTo(campaignPath(id))} />}
        </Answer>
      ) : (
        <section className="card">
          <Empty title="Your key may not make campaigns">Ask someone whose key has the scope operate.</Empty>
        </section>
      )}
    </>
  )
}

function New({ seat, onSaved }: { seat: string; onSaved: (campaign: Campaign) => void }) {
  const [draft, setDraft] = useState(() => newCampaignDraft(seat))
  return (
    <CampaignForm
      campaign={undefined}
      draft={draft}
      isChanged
      onChange={setDraft}
      onUndo={() => setDraft(newCampaignDraft(seat))}
      onSaved={onSaved}
    />
  )
}

/** One campaign: what it does, its ads, and how it is changed, paused and ended. */
export function CampaignPage({ id }: { id: string }) {
  const query = useQuery(campaignQuery(id))
  return (
    <>
      <Head title={id} />
      <Answer query={query}>{(campaign) => <Shown key={campaign.id} campaign={campaign} />}</Answer>
    </>
  )
}

function Head({ title }: { title: string }) {
  return (
    <div className="page-head">
      <h1>{title}</h1>
      <p>
        <Link href={EXCHANGES_PATH}>All exchanges</Link>
      </p>
    </div>
  )
}

function Shown({ campaign }: { campaign: Campaign }) {
  const { may } = useMay()
  const { draft, isChanged, isOutdated, change, take } = useDraft(campaign)
  return (
    <div className="campaign-page">
      <div className="stack">
        {isOutdated && (
          <div className="problem" role="alert">
            <p>
              <strong>Somebody has changed this campaign meanwhile.</strong> What you save replaces what they
              have set.
            </p>
            <p>
              <button type="button" className="button" onClick={() => take(campaign)}>
                Show theirs, and drop mine
              </button>
            </p>
          </div>
        )}
        {may('operate') ? (
          <CampaignForm
            campaign={campaign}
            draft={draft}
            isChanged={isChanged}
            onChange={change}
            onUndo={() => take(campaign)}
            onSaved={take}
          />
        ) : (
          <Ads campaign={campaign} />
        )}
      </div>
      <div className="stack">
        <Doing campaign={campaign} />
        {may('operate') && <Status campaign={campaign} />}
        <ChangeHistory target={campaign.id} />
      </div>
    </div>
  )
}

/** What stands in the form: what is stored, until somebody types; then what they type, whatever is stored meanwhile. */
function useDraft(campaign: Campaign) {
  const begun = (from: Campaign) => ({ stored: specText(from), draft: draftOf(from), isChanged: false })
  const [state, setState] = useState(() => begun(campaign))
  const stored = specText(campaign)
  // A change by others, or by the buttons beside, shows at once where nothing was typed.
  if (!state.isChanged && state.stored !== stored) setState(begun(campaign))
  return {
    draft: state.draft,
    isChanged: state.isChanged,
    isOutdated: state.isChanged && state.stored !== stored,
    change: (draft: CampaignDraft) => setState({ ...state, draft, isChanged: true }),
    take: (from: Campaign) => setState(begun(from)),
  }
}

/** A campaign without what changes by itself. */
const specText = ({ pace: _, ...spec }: Campaign): string => JSON.stringify(spec)

function Ads({ campaign: { creatives } }: { campaign: Campaign }) {
  return (
    <section className="card" aria-labelledby="ads">
      <header>
        <h2 id="ads">Ads</h2>
      </header>
      <div className="body stack">
        {creatives.map((creative) => (
          <AdPreview key={creative.id} creative={creative} />
        ))}
      </div>
    </section>
  )
}

function Doing({ campaign: { id, seat, status, price, pace } }: { campaign: Campaign }) {
  const budget = budgetOf(useQuery(budgetsQuery).data?.budgets, id)
  return (
    <section className="card" aria-labelledby="doing">
      <header>
        <h2 id="doing">What it does</h2>
        <CampaignChip status={status} />
        {budget?.paused && <span className="chip danger">budget paused</span>}
      </header>
      <dl className="facts body">
        <dt>Seat</dt>
        <dd>
          <Link href={seatPath(seat)}>{seat}</Link>
        </dd>
        {budget && (
          <>
            <dt>Price</dt>
            <dd>
              {money(price.minCpm ?? 0, budget.currency)} to {money(price.maxCpm, budget.currency)} for a
              thousand
            </dd>
          </>
        )}
        <dt>Pace</dt>
        <dd>{pace === undefined ? 'as fast as there is traffic' : paceText(pace)}</dd>
        {pace?.thisHour && budget && (
          <>
            <dt>Of this hour's plan</dt>
            <dd>
              {money(pace.thisHour.used, budget.currency)} of {money(pace.thisHour.planned, budget.currency)}{' '}
              used
            </dd>
          </>
        )}
        <dt>Budget</dt>
        <dd>
          <Link href={`/console/budgets/${encodeURIComponent(budgetScope(id))}`}>{budgetScope(id)}</Link>
        </dd>
      </dl>
      {budget && budget.limits.length > 0 && (
        <div className="body stack">
          {budget.limits.map((limit) => (
            <div key={limitKey(limit)}>
              <LimitBar budget={budget} limit={limit} />
              <p className="side-note">
                {money(limit.remaining, budget.currency)} free of {money(limit.max, budget.currency)}{' '}
                {limitName(limit)}
              </p>
            </div>
          ))}
        </div>
      )}
    </section>
  )
}

/** Pauses at once; asks before it bids again, and before it ends. */
function Status({ campaign }: { campaign: Campaign }) {
  const [reason, setReason] = useState('')
  const { mutate, isPending } = usePutCampaign()
  const { id, pace: _, ...spec } = campaign
  const put = (status: Campaign['status'], why: string) =>
    mutate(
      { id, body: { ...spec, status } as CampaignInput, reason: why },
      { onError: (error) => failed(`${id} was not ${status === 'paused' ? 'paused' : 'resumed'}`, error) },
    )
  return (
    <section className="card" aria-labelledby="status">
      <header>
        <h2 id="status">Pause and end</h2>
      </header>
      <div className="body stack">
        {campaign.status === 'active' ? (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              put('paused', reason.trim())
              setReason('')
            }}
          >
            <ReasonField value={reason} onChange={setReason} />
            <button type="submit" className="button danger" disabled={isPending}>
              Pause
            </button>
          </form>
        ) : (
          <Confirm
            trigger={
              <button type="button" className="button" disabled={isPending}>
                Bid again …
              </button>
            }
            title={`Bid for ${id} again?`}
            action="Bid again"
            onConfirm={(said) => put('active', said ?? '')}
          >
            <p>It bids from the next request on, within its budgets.</p>
          </Confirm>
        )}
        <End id={id} />
      </div>
    </section>
  )
}

function End({ id }: { id: string }) {
  const queries = useQueryClient()
  const [, goTo] = useLocation()
  const { mutate, isPending } = useMutation({
    mutationFn: (reason: string | undefined) =>
      dataOf(
        api.DELETE('/v1/campaigns/{id}', {
          params: { path: { id }, query: reason === undefined ? {} : { reason } },
        }),
      ),
    onSuccess() {
      told(`The campaign ${id} has ended`)
      queries.removeQueries({ queryKey: campaignQuery(id).queryKey })
      goTo(EXCHANGES_PATH)
    },
    onError: (error) => failed(`${id} was not ended`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: CAMPAIGNS_KEY }),
  })
  return (
    <Confirm
      trigger={
        <button type="button" className="button" disabled={isPending}>
          End it …
        </button>
      }
      title={`End ${id}?`}
      action="End it"
      onConfirm={mutate}
    >
      <p>
        It does not bid any more, and its ads and targeting are forgotten. Bids that are out still settle.
      </p>
    </Confirm>
  )
}
